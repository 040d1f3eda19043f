import fc from 'fast-check';
import { expect, it } from 'vitest';
import { takeOldest } from '../../../lib/accumulator/queues/take-records.ts';
import { PagePool } from '../../../lib/accumulator/store/page-pool.ts';
import type { RecordStore } from '../../../lib/accumulator/store/record-store.ts';
import { SeverityQueue } from '../../../lib/accumulator/store/severity-queue.ts';
import type { PendingRecord } from '../../../lib/record/record.ts';
import { deepQueue, recordOf, textsOf } from '../../sender/rig.ts';

const ranked = (): RecordStore => new SeverityQueue(() => deepQueue());

const SIZES = { min: 1, max: 150 };
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('push' as const), n: fc.integer(SIZES) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('shift' as const), n: fc.integer(SIZES) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pop' as const), n: fc.integer(SIZES) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('take' as const), n: fc.integer(SIZES) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('putBack' as const), n: fc.integer(SIZES) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('shed' as const), n: fc.integer(SIZES) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('deliver' as const), n: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('discard' as const), n: fc.nat(1_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drain' as const), n: fc.constant(0) }) },
);

it.each([
  ['a queue', () => deepQueue()],
  ['a queue that keeps the severities apart', ranked],
])('%s does what a plain array does, whether its records are objects or stand in pages', (_, make) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      const queue = make();
      let model: string[] = [];
      /** What has been taken last, and may come back. */
      let taken: PendingRecord[] = [];
      let made = 0;
      for (const { do: what, n } of steps) {
        if (what === 'push') {
          for (let i = 0; i < n; i++) {
            const text = `${made}`.padEnd(made % 7 === 0 ? 900 : 60, made % 5 === 0 ? 'ü' : '.');
            const record = recordOf({ text, severity: made % 3 });
            record.seq = ++made;
            // Some that stay objects.
            if (made % 50 === 0) record.info = {};
            queue.push(record);
            model.push(text);
          }
        } else if (what === 'shift') {
          taken = [];
          for (let i = 0; i < n; i++) {
            const record = queue.shift();
            expect(record?.text).toBe(model.shift());
            if (record !== undefined) taken.push(record);
          }
        } else if (what === 'pop') {
          for (let i = 0; i < n; i++) expect(queue.pop()?.text).toBe(model.pop());
        } else if (what === 'take') {
          const maxBytes = n * 50;
          const packed = queue.takePacked({ most: n, maxBytes });
          if (packed === undefined) continue;
          expect(packed.count).toBeGreaterThan(0);
          expect(packed.count).toBeLessThanOrEqual(n);
          const texts = textsOf(packed);
          expect(texts).toEqual(model.splice(0, packed.count));
          expect(packed.bytes).toBe(texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0));
          expect(packed.count === 1 || packed.bytes <= maxBytes).toBe(true);
          taken = packed.toObjects();
          packed.release();
        } else if (what === 'putBack') {
          const back = taken.slice(-n);
          taken = [];
          for (const record of back) record.hasBeenSent = true;
          queue.pushFront(back);
          model = [...textsOf(back), ...model];
        } else if (what === 'shed') {
          for (let i = 0; i < n; i++) {
            const record = queue.peek();
            expect(record?.text).toBe(model.shift());
            record?.queue?.discard(record);
          }
        } else if (what === 'deliver') {
          taken = [];
        } else if (what === 'discard') {
          const victim = [...queue][n];
          if (victim === undefined) continue;
          victim.queue?.discard(victim);
          model.splice(n, 1);
        } else {
          expect(textsOf(queue.takeAll())).toEqual(model);
          model = [];
        }
        expect(queue.count).toBe(model.length);
        expect(queue.bytes).toBe(model.reduce((sum, text) => sum + Buffer.byteLength(text), 0));
        expect(queue.head === undefined).toBe(model.length === 0);
        expect(queue.last === undefined).toBe(model.length === 0);
      }
      expect(textsOf([...queue])).toEqual(model);
    }),
    { numRuns: 60 },
  );
});

it('a batch that is under way is not overwritten by what comes after it', () => {
  const queue = deepQueue();
  const under = [];
  for (let round = 0; round < 50; round++) {
    for (let n = 0; n < 40; n++) queue.push(recordOf({ text: `${round}/${n} `.padEnd(200, '.') }));
    const packed = queue.takePacked({ most: 40, maxBytes: 1_000_000 });
    if (packed === undefined) throw new Error('they are packed');
    under.push({ round, packed });
    // Some are answered sooner than others.
    for (const batch of under.splice(round % 3 === 0 ? 0 : under.length)) batch.packed.release();
    for (const batch of under)
      expect(textsOf(batch.packed).map((text) => text.trimEnd().split('/')[0])).toEqual(
        Array.from({ length: 40 }, () => String(batch.round)),
      );
  }
});

it('one record after the other goes through one page, which is not kept', () => {
  const pool = new PagePool();
  const pages = new Set<unknown>();
  const queue = deepQueue(pool);
  for (let n = 0; n < 1_000; n++) {
    queue.push(recordOf({ text: 'x'.repeat(100) }));
    const packed = queue.takePacked({ most: 1, maxBytes: 1_000 });
    pages.add(packed?.stretches[0]?.page);
    packed?.release();
  }
  expect(pages.size).toBe(1);
  expect(pages.has(pool.take(0))).toBe(true);
});

it('after a send that failed, what waits behind its records is taken as it stands again', () => {
  const queue = deepQueue();
  for (let n = 0; n < 100; n++) queue.push(recordOf({ text: `${n}` }));
  const failed = queue.takePacked({ most: 10, maxBytes: 1_000 })?.toObjects() ?? [];
  queue.pushFront(failed);
  expect(queue.takePacked({ most: 10, maxBytes: 1_000 })).toBeUndefined();
  expect(takeOldest(queue, { most: 10, maxBytes: 1_000 })).toEqual(failed);
  expect(textsOf(queue.takePacked({ most: 10, maxBytes: 1_000 }))[0]).toBe('10');
});

it('records that another process has left keep the order in which they were read, whatever their severity', () => {
  const queue = ranked();
  for (const [seq, severity] of [
    [10, 2],
    [-5, 2],
    [-4, 0],
    [11, 0],
  ] as const) {
    queue.push(Object.assign(recordOf({ text: String(seq), severity }), { seq }));
  }
  expect(textsOf([...queue])).toEqual(['10', '-5', '-4', '11']);
  expect(textsOf(takeOldest(queue, { most: 10, maxBytes: 1_000 }))).toEqual(['10', '-5', '-4', '11']);
});
