// What a consumer finds in a topic: read back from its beginning, and compared with what was logged.
import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';

export interface Verdict {
  readonly lost: number;
  readonly duplicates: number;
  /** Records that first arrived after one that was logged later, in the same partition. */
  readonly outOfOrder: number;
}

/** The numbers in a topic, by partition, in order of their offsets. */
export async function numbersIn(brokers: readonly string[], topic: string): Promise<number[][]> {
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, retry: { retries: 10 } });
  const admin = kafka.admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const missing = new Map(offsets.map(({ partition, low, high }) => [partition, Number(high) - Number(low)]));
  const numbers: number[][] = offsets.map(() => []);
  let left = [...missing.values()].reduce((sum, count) => sum + count, 0);
  if (left === 0) return numbers;
  const consumer = kafka.consumer({ groupId: randomUUID(), maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    // Right after an outage the group's coordinator may still be loading: then it starts again by itself.
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) reject(payload.error);
    });
    void consumer.run({
      eachBatch: async ({ batch }) => {
        for (const { value } of batch.messages) {
          numbers[batch.partition]?.push(Number.parseInt(String(value), 10));
          if (--left === 0) resolve();
        }
      },
    });
  });
  await consumer.disconnect();
  return numbers;
}

/** @param expected the numbers that have to be there */
export function judge(partitions: readonly number[][], expected: Iterable<number>): Verdict {
  const seen = new Set<number>();
  let duplicates = 0;
  let outOfOrder = 0;
  for (const numbers of partitions) {
    let latest = -1;
    for (const number of numbers) {
      // What is not a number is the transport's own notice of what it has dropped.
      if (Number.isNaN(number)) continue;
      if (seen.has(number)) {
        duplicates++;
        continue;
      }
      seen.add(number);
      if (number < latest) outOfOrder++;
      else latest = number;
    }
  }
  let lost = 0;
  for (const number of expected) if (!seen.has(number)) lost++;
  return { lost, duplicates, outOfOrder };
}
