import { expect, it } from 'vitest';
import { ProducerBatch } from '../../../lib/accumulator/producer-batch.ts';
import { PartitionQueue } from '../../../lib/accumulator/queues/partition-queue.ts';
import { KeylessRefusals } from '../../../lib/sender/results/keyless-refusals.ts';
import { batchingPolicy, HeldClock, recordOf } from '../rig.ts';

class Topic {
  readonly clock = new HeldClock();
  readonly refusals = new KeylessRefusals(this.clock.monotonic);

  batch(keys: string, topic = 'logs'): ProducerBatch {
    const records = [...keys].map((key) => recordOf({ topic, key: key === '-' ? null : key }));
    return new ProducerBatch(topic, new PartitionQueue(0, batchingPolicy()), records);
  }

  /** How many records of the batch are refused together. */
  refuse(keys: string, topic?: string): number {
    return this.refusals.onRefused(this.batch(keys, topic)).length;
  }

  refuseAlone(times: number): void {
    for (let refusal = 0; refusal < times; refusal++) this.refuse('-');
  }
}

it('after eight records without key that were refused alone, those of a batch are refused together', () => {
  const topic = new Topic();
  topic.refuseAlone(7);
  expect(topic.refuse('-a-')).toBe(0);
  expect(topic.refuse('-')).toBe(1);
  expect(topic.refuse('-a-')).toBe(2);
  expect(topic.refuse('-', 'another')).toBe(0);
});

it('a record with a key says nothing', () => {
  const topic = new Topic();
  for (let refusal = 0; refusal < 9; refusal++) expect(topic.refuse('a')).toBe(0);
  expect(topic.refuse('--')).toBe(0);
});

it('it takes 64 where the topic has taken such records before', () => {
  const topic = new Topic();
  topic.refusals.onDelivered(topic.batch('a'));
  topic.refusals.onDelivered(topic.batch('a-'));
  topic.refuseAlone(63);
  expect(topic.refuse('--')).toBe(0);
  topic.refuseAlone(1);
  expect(topic.refuse('--')).toBe(2);
});

it('one that is delivered in between has them counted anew', () => {
  const topic = new Topic();
  topic.refuseAlone(60);
  topic.refusals.onDelivered(topic.batch('-'));
  topic.refuseAlone(60);
  expect(topic.refuse('--')).toBe(0);
});

it('one is tried alone again ten seconds after the last', () => {
  const topic = new Topic();
  topic.refuseAlone(8);
  topic.clock.now += 9_999;
  expect(topic.refuse('--')).toBe(2);
  topic.clock.now += 1;
  expect(topic.refuse('--')).toBe(0);
  expect(topic.refuse('-')).toBe(1);
  expect(topic.refuse('--')).toBe(2);
});
