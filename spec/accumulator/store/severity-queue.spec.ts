import { expect, it } from 'vitest';
import { SeverityQueue } from '../../../lib/accumulator/store/severity-queue.ts';
import type { PendingRecord } from '../../../lib/record/record.ts';
import { deepQueue, recordOf, textsOf } from '../../sender/rig.ts';

const newQueue = (): SeverityQueue => new SeverityQueue(() => deepQueue());

let seq = 0;
function record(text: string, severity: number): PendingRecord {
  return Object.assign(recordOf({ text, severity }), { seq: ++seq });
}

function queueOf(...texts: string[]): SeverityQueue {
  const queue = newQueue();
  for (const [at, text] of texts.entries()) queue.push(record(text, at % 3));
  return queue;
}

it('makes one queue for each severity', () => {
  const made: number[] = [];
  const queue = new SeverityQueue((severity) => {
    made.push(severity);
    return deepQueue();
  });
  for (const severity of [2, 0, 2, 5, 0]) queue.push(record('x', severity));
  expect(made).toEqual([2, 0, 5]);
});

it('is first in, first out over all severities', () => {
  const queue = queueOf('a', 'bb', 'ccc', 'd', 'e');
  expect([queue.count, queue.bytes]).toEqual([5, 8]);
  expect(queue.head?.bytes).toBe(1);
  expect(queue.peek()?.text).toBe('a');
  expect(queue.shift()?.text).toBe('a');
  expect(queue.pop()?.text).toBe('e');
  expect([queue.count, queue.bytes]).toEqual([3, 6]);
  expect(textsOf([...queue])).toEqual(['bb', 'ccc', 'd']);
  expect(textsOf(queue.takeAll())).toEqual(['bb', 'ccc', 'd']);
  expect(queue.count).toBe(0);
  expect([queue.head, queue.last, queue.peek(), queue.shift(), queue.pop()]).toEqual(
    Array(5).fill(undefined),
  );
});

it('takes records back in front, in their order', () => {
  const queue = queueOf('a', 'b', 'c', 'd');
  const sent = [queue.shift(), queue.shift(), queue.shift()].filter((each) => each !== undefined);
  queue.pushFront([]);
  queue.pushFront(sent);
  queue.push(record('e', 0));
  expect(textsOf(queue.takeAll())).toEqual(['a', 'b', 'c', 'd', 'e']);
});

it('takes records back in front of those that were never sent, though these were accepted before', () => {
  const queue = newQueue();
  // As another process has left it on disk: accepted before all that this one has.
  queue.push(Object.assign(record('read from disk', 0), { seq: -1 }));
  queue.pushFront([Object.assign(record('sent', 1), { hasBeenSent: true })]);
  expect(textsOf(queue.takeAll())).toEqual(['sent', 'read from disk']);
});

it('packs nothing for a send', () => {
  expect(queueOf('a', 'b').takePacked()).toBeUndefined();
});
