import { expect, it } from 'vitest';
import { pagesToWire, recordsToWire } from '../../lib/clients/worker/messages/wire-records.ts';
import { ReceivedBatch } from '../../lib/worker-thread/received-batch.ts';
import { deepQueue, recordOf, textsOf } from '../sender/rig.ts';

function received(partition?: number): { batch: ReceivedBatch; told: number[] } {
  const told: number[] = [];
  const records = recordsToWire([recordOf({ text: 'a' })]);
  const batch = new ReceivedBatch({ topic: 'logs', partition, records }, (bound) => told.push(bound));
  return { batch, told };
}

it('tells once of the partition that a client has chosen, and has it from then on', () => {
  const { batch, told } = received();
  expect(batch.partition).toBeUndefined();
  batch.bindTo(3);
  batch.bindTo(3);
  expect([batch.partition, told]).toEqual([3, [3]]);
});

it('has nothing to tell of the partition that it came with', () => {
  const { batch, told } = received(2);
  batch.bindTo(2);
  expect([batch.partition, told]).toEqual([2, []]);
});

it('has its records as objects or in pages, as they were handed over', () => {
  expect(textsOf(received().batch.content)).toEqual(['a']);
  const queue = deepQueue();
  for (const text of ['a', 'b']) queue.push(recordOf({ text }));
  const taken = queue.takePacked({ most: 2, maxBytes: 1_000_000 });
  const records = taken === undefined ? expect.unreachable('they are packed') : pagesToWire(taken);
  const { topic, content } = new ReceivedBatch({ topic: 'logs', partition: 0, records }, () => undefined);
  expect([topic, textsOf(content)]).toEqual(['logs', ['a', 'b']]);
});
