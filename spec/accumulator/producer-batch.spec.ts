import { expect, it } from 'vitest';
import { ProducerBatch } from '../../lib/accumulator/producer-batch.ts';
import { PartitionQueue } from '../../lib/accumulator/queues/partition-queue.ts';
import { PagePool } from '../../lib/accumulator/store/page-pool.ts';
import { batchingPolicy, deepQueue, recordOf, textsOf } from '../sender/rig.ts';

/** A batch, and whether the page that its records stood in has become free. */
function batchOf(...texts: string[]) {
  const pool = new PagePool();
  const queue = deepQueue(pool);
  for (const text of texts) queue.push(recordOf({ text }));
  const packed = queue.takePacked({ most: 10, maxBytes: 1_000 });
  if (packed === undefined) throw new Error('they are packed');
  // The queue goes on to another page: this one is only the batch's.
  const [stretch] = packed.stretches;
  queue.push(recordOf({ text: 'x'.repeat(4_000) }));
  const isFree = (): boolean => pool.take(0) === stretch?.page;
  return { batch: new ProducerBatch('logs', new PartitionQueue(0, batchingPolicy()), packed), isFree };
}

it('is packed until somebody asks for its records, which are in flight then', () => {
  const { batch } = batchOf('a', 'b');
  expect([batch.count, batch.isRetry, textsOf(batch.content)]).toEqual([2, false, ['a', 'b']]);
  const { records } = batch;
  expect(records.map(({ text, state }) => [text, state])).toEqual([
    ['a', 'in-flight'],
    ['b', 'in-flight'],
  ]);
  expect([batch.content, batch.records]).toEqual([records, records]);
  expect(batch.records[0]).toBe(records[0]);
});

it.each<[string, (batch: ProducerBatch) => unknown]>([
  ['its records are asked for', (batch) => batch.records],
  ['it has been delivered', (batch) => batch.release()],
])('lets its pages be used again once %s, and only once', (_, done) => {
  const { batch, isFree } = batchOf('a', 'b');
  done(batch);
  batch.release();
  expect(isFree()).toBe(true);
  expect(isFree()).toBe(false);
});

it('keeps its pages while it is under way', () => {
  const { isFree } = batchOf('a', 'b');
  expect(isFree()).toBe(false);
});

it('has no records any more once it has been delivered', () => {
  const { batch } = batchOf('a');
  batch.release();
  // How many there were is told afterwards.
  expect([batch.count, batch.bytes, batch.records]).toEqual([1, 1, []]);
});
