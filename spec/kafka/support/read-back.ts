// What a consumer finds in a topic, read from its beginning.
import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';

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
          const number = Number.parseInt(String(value), 10);
          // Anything else is the transport's own notice of what it has dropped.
          if (!Number.isNaN(number)) numbers[batch.partition]?.push(number);
          if (--left === 0) resolve();
        }
      },
    });
  });
  await consumer.disconnect();
  return numbers;
}
