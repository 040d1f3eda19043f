import { expect, it } from 'vitest';
import { takeAt, takeOfOneKey, takeOldest } from '../../../lib/accumulator/queues/take-records.ts';
import type { PagedQueue } from '../../../lib/accumulator/store/paged-queue.ts';
import { deepQueue, recordOf, textsOf } from '../../sender/rig.ts';

const ROOM = { most: 9, maxBytes: 100 };

function queueOf(...texts: string[]): PagedQueue {
  const queue = deepQueue();
  for (const text of texts) queue.push(recordOf({ text }));
  return queue;
}

/** Records whose text is their place, and their key a letter of `keys`; `-` has none. */
function keyedQueue(keys: readonly (string | Buffer)[]): PagedQueue {
  const queue = deepQueue();
  for (const [at, key] of keys.entries())
    queue.push(recordOf({ text: `${at}`, key: key === '-' ? null : key }));
  return queue;
}

it.each([
  ['as many records as it may have', { most: 2, maxBytes: 100 }, ['aa', 'bb']],
  ['records up to its bytes', { most: 9, maxBytes: 4 }, ['aa', 'bb']],
  ['one record less where the next is a byte too much', { most: 9, maxBytes: 5 }, ['aa', 'bb']],
  ['a record that is too large by itself, alone', { most: 9, maxBytes: 1 }, ['aa']],
  ['all records', ROOM, ['aa', 'bb', 'cc']],
])('a send takes %s', (_name, limits, texts) => {
  const queue = queueOf('aa', 'bb', 'cc');
  expect(textsOf(takeOldest(queue, limits))).toEqual(texts);
  expect(queue.count).toBe(3 - texts.length);
});

it.each([
  ['by its place', 'ab', 1, ['b']],
  ['not before one that was never sent', 'a', 2, ['b']],
  ['at the end, where there are not as many', 'abc', 3, ['c']],
])('a record is taken %s', (_name, sent, place, texts) => {
  const queue = queueOf('a', 'b', 'c');
  for (const record of queue) record.hasBeenSent = sent.includes(record.text);
  expect(textsOf(takeAt(queue, place))).toEqual(texts);
  expect(queue.count).toBe(2);
});

it('no record is taken by its place where there is none', () => {
  expect(takeAt(queueOf(), 0)).toEqual([]);
});

it.each([
  ['right behind the oldest', 'aab-a', 'adjacent' as const, ['0', '1']],
  ['among so many of the oldest', 'aab-a', 4, ['0', '1']],
  ['wherever they stand among those', 'aab-a', 5, ['0', '1', '4']],
])('records of the same key are taken %s', (_name, keys, among, texts) => {
  const queue = keyedQueue([...keys]);
  expect(textsOf(takeOfOneKey(queue, ROOM, among))).toEqual(texts);
  expect(queue.count).toBe(keys.length - texts.length);
});

it('records of the same key are taken up to the limits of a send', () => {
  expect(textsOf(takeOfOneKey(keyedQueue([...'aaaa']), { most: 3, maxBytes: 100 }, 'adjacent'))).toHaveLength(
    3,
  );
  // Two bytes each, the key included.
  expect(textsOf(takeOfOneKey(keyedQueue([...'aaaa']), { most: 9, maxBytes: 4 }, 'adjacent'))).toHaveLength(
    2,
  );
  expect(textsOf(takeOfOneKey(keyedQueue([...'aaaa']), { most: 9, maxBytes: 1 }, 'adjacent'))).toHaveLength(
    1,
  );
});

it('keys are compared as bytes', () => {
  const keys = ['ü', Buffer.from('ü'), Buffer.from([0xff]), Buffer.from([0xfe])];
  const queue = keyedQueue(keys);
  expect(textsOf(takeOfOneKey(queue, ROOM, 9))).toEqual(['0', '1']);
  expect(textsOf(takeOfOneKey(queue, ROOM, 9))).toEqual(['2']);
});

it('the oldest record is left where it has no key', () => {
  expect(takeOfOneKey(keyedQueue(['-', 'a']), ROOM, 'adjacent')).toEqual([]);
});
