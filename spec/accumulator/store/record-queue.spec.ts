import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RecordQueue } from '../../../lib/accumulator/store/record-queue.ts';
import type { PendingRecord } from '../../../lib/record/record.ts';
import { recordOf } from '../../sender/rig.ts';

const textsOf = (records: Iterable<PendingRecord>): string[] => [...records].map(({ text }) => text);

it('a queue is first in, first out', () => {
  const queue = new RecordQueue();
  for (const text of ['a', 'bb', 'ccc']) queue.push(recordOf({ text }));
  expect([queue.count, queue.bytes]).toEqual([3, 6]);
  expect(queue.shift()?.text).toBe('a');
  expect(queue.peek()?.text).toBe('bb');
  expect([queue.count, queue.bytes]).toEqual([2, 5]);
});

it('does what a plain array does, whatever is pushed, taken, put back, discarded and drained', () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant('push' as const), n: fc.integer({ min: 1, max: 400 }) }),
    },
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant('shift' as const), n: fc.integer({ min: 1, max: 400 }) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('putBack' as const), n: fc.integer({ min: 1, max: 50 }) }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('discard' as const), n: fc.nat(1_000) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('drain' as const), n: fc.constant(0) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('move' as const), n: fc.constant(0) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30, size: 'max' }), (steps) => {
      const queue = new RecordQueue();
      let model: PendingRecord[] = [];
      let taken: PendingRecord[] = [];
      let made = 0;
      for (const { do: what, n } of steps) {
        if (what === 'push') {
          for (let i = 0; i < n; i++) {
            const record = recordOf({ text: String(made++) });
            queue.push(record);
            model.push(record);
          }
        } else if (what === 'shift') {
          taken = [];
          for (let i = 0; i < n; i++) {
            const record = queue.shift();
            expect(record).toBe(model.shift());
            if (record !== undefined) taken.push(record);
          }
        } else if (what === 'putBack') {
          // All of the last ones, or the end of them: a batch that was partly given up.
          const back = taken.slice(-n);
          taken = [];
          queue.pushFront(back);
          model = [...back, ...model];
        } else if (what === 'discard') {
          const victim = model[n];
          if (victim === undefined) continue;
          queue.discard(victim);
          model.splice(n, 1);
        } else if (what === 'drain') {
          expect(queue.takeAll()).toEqual(model);
          model = [];
        } else {
          // Out of the middle and in again at the end: a record that gets a partition, loses it and gets it again.
          const moved = queue.takeAll();
          for (const record of moved) queue.push(record);
        }
        expect(queue.count).toBe(model.length);
        expect(queue.bytes).toBe(model.reduce((sum, { bytes }) => sum + bytes, 0));
        expect(queue.peek()).toBe(model[0]);
        expect(textsOf(queue)).toEqual(textsOf(model));
      }
    }),
    { numRuns: 50 },
  );
});

it('a record that was discarded and pushed again does not stand in the queue twice', () => {
  const queue = new RecordQueue();
  const records = ['a', 'b', 'c'].map((text) => recordOf({ text }));
  for (const record of records) queue.push(record);
  for (const record of queue.takeAll()) queue.push(record);
  expect(textsOf(queue)).toEqual(['a', 'b', 'c']);
  queue.pushFront(queue.takeAll());
  expect(textsOf(queue)).toEqual(['a', 'b', 'c']);
  expect(queue.count).toBe(3);
});

it('does not hold on to what has long been taken', () => {
  const queue = new RecordQueue();
  const gone = new Set<PendingRecord>();
  for (let i = 0; i < 20_000; i++) {
    queue.push(recordOf());
    const record = queue.shift();
    if (record !== undefined) gone.add(record);
  }
  // Its array cannot be seen: but what it puts back in place must still stand there, and only the last few do.
  const [first] = gone;
  if (first !== undefined) queue.pushFront([first]);
  expect(textsOf(queue)).toEqual(['x']);
  expect(queue.count).toBe(1);
});
