import { expect, it } from 'vitest';
import { ProducerBatch } from '../../../lib/accumulator/producer-batch.ts';
import { PartitionQueue } from '../../../lib/accumulator/queues/partition-queue.ts';
import { PendingRecord } from '../../../lib/record/record.ts';
import { RefusedTimes } from '../../../lib/sender/results/refused-times.ts';
import { batchingPolicy, HeldClock } from '../rig.ts';

const NOW = 1_700_000_000_000;

class Topic {
  readonly clock = Object.assign(new HeldClock(), { wallOffset: NOW });
  readonly times = new RefusedTimes(this.clock.wall);
  readonly partitionQueue = new PartitionQueue(0, batchingPolicy());

  /** A batch of records that are so many milliseconds old now. */
  batch(ages: readonly number[], topic = 'logs'): ProducerBatch {
    const records = ages.map(
      (age) =>
        new PendingRecord({
          topic,
          level: 'info',
          severity: 2,
          time: this.clock.wall() - age,
          text: '',
          key: null,
        }),
    );
    return new ProducerBatch(topic, this.partitionQueue, records);
  }

  /** Which of the records are sent with the time of now. */
  retimed(batch: ProducerBatch): boolean[] {
    return batch.records.map(({ sentTime }) => sentTime === this.clock.wall());
  }

  prepared(ages: readonly number[], topic?: string): boolean[] {
    const batch = this.batch(ages, topic);
    this.times.prepare(batch);
    return this.retimed(batch);
  }
}

it('a refused batch goes again with the time of now, where its records are more than a second old', () => {
  const topic = new Topic();
  const batch = topic.batch([60_000, 1_001, 1_000, 0]);
  expect(topic.times.onRefused(batch)).toBe(true);
  expect(topic.retimed(batch)).toEqual([true, true, false, false]);
});

it('does not go again where another time would change nothing', () => {
  const topic = new Topic();
  const batch = topic.batch([1_000, 0, -1_000]);
  expect(topic.times.onRefused(batch)).toBe(false);
  expect(topic.retimed(batch)).toEqual([false, false, false]);
});

it('changes only the records that are ahead of the clock where there are any, and learns no age of them', () => {
  const topic = new Topic();
  const batch = topic.batch([60_000, -60_000]);
  expect(topic.times.onRefused(batch)).toBe(true);
  expect(topic.retimed(batch)).toEqual([false, true]);
  expect(topic.prepared([60_000])).toEqual([false]);
});

it('goes again up to eight times in a row', () => {
  const topic = new Topic();
  const goesAgain = Array.from({ length: 9 }, () => topic.times.onRefused(topic.batch([60_000])));
  expect(goesAgain).toEqual([...Array(8).fill(true), false]);
  topic.partitionQueue.recordSuccess(1);
  expect(topic.times.onRefused(topic.batch([60_000]))).toBe(true);
});

it('records half as old as those that were refused are sent with the time of now, in that topic', () => {
  const topic = new Topic();
  expect(topic.prepared([60_000])).toEqual([false]);
  topic.times.onRefused(topic.batch([20_000, 60_000]));
  expect(topic.prepared([60_000, 30_000, 29_999])).toEqual([true, true, false]);
  expect(topic.prepared([60_000], 'another')).toEqual([false]);
});

it('keeps to the least age that was learnt', () => {
  const topic = new Topic();
  topic.times.onRefused(topic.batch([20_000]));
  topic.times.onRefused(topic.batch([60_000]));
  expect(topic.prepared([10_000, 9_999])).toEqual([true, false]);
});

it('leaves records within a second of now alone, although one little older was refused', () => {
  const topic = new Topic();
  topic.times.onRefused(topic.batch([1_200]));
  expect(topic.prepared([1_000, 999])).toEqual([true, false]);
});

it('remembers a refusal for ten minutes, and none of the future where the clock is set back', () => {
  for (const [passedMs, isRemembered] of [
    [600_000, true],
    [600_001, false],
    [-600_000, true],
    [-600_001, false],
  ] as const) {
    const topic = new Topic();
    topic.times.onRefused(topic.batch([60_000]));
    topic.clock.wallOffset += passedMs;
    expect(topic.prepared([60_000]), `${passedMs} ms`).toEqual([isRemembered]);
  }
});

it('finds old records that stand in pages', () => {
  const topic = new Topic();
  topic.times.onRefused(topic.batch([60_000]));
  const { queue } = topic.partitionQueue;
  for (const record of topic.batch([30_000, 29_999]).records) queue.push(record);
  const packed = queue.takePacked({ most: 2, maxBytes: 1_000 });
  if (packed === undefined) throw new Error('nothing was packed');
  const batch = new ProducerBatch('logs', topic.partitionQueue, packed);
  topic.times.prepare(batch);
  expect(topic.retimed(batch)).toEqual([true, false]);
});
