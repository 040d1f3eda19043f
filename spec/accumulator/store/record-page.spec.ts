import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PackedRecords } from '../../../lib/accumulator/store/packed-records.ts';
import { PagePool } from '../../../lib/accumulator/store/page-pool.ts';
import { RecordPage } from '../../../lib/accumulator/store/record-page.ts';
import { PendingRecord, type RecordHeaders, type RecordKey } from '../../../lib/record/record.ts';
import { recordOf } from '../../sender/rig.ts';
import { collectGarbage } from '../../support/garbage.ts';

const pageOf = (size = 4_096): RecordPage => new RecordPage(new PackedRecords(new ArrayBuffer(size)));

/** All that has to be the same of a record that was packed. */
function contentOf(record: PendingRecord | undefined): unknown {
  if (record === undefined) return undefined;
  const { isPinned, info, spoolPosition, partition, queue, ...content } = record;
  return content;
}

it('a record comes out as it went in, whatever is in it', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    // Half a surrogate pair is no character, but a string may have it.
    fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
  );
  const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array));
  const value = fc.oneof(text, bytes);
  const made = fc
    .record({
      topic: fc.constantFrom('logs', 'audit'),
      level: fc.constantFrom('error', 'info', 'debug'),
      severity: fc.constantFrom(0, 2, Number.MAX_SAFE_INTEGER),
      time: fc.oneof(fc.nat(), fc.constant(Date.now()), fc.double({ noNaN: true })),
      text,
      key: fc.option(value) as fc.Arbitrary<RecordKey>,
      headers: fc.option(fc.dictionary(text, value), { nil: undefined }) as fc.Arbitrary<
        RecordHeaders | undefined
      >,
      seq: fc.integer(),
      acceptedAt: fc.double({ noNaN: true }),
      queueIndex: fc.integer(),
    })
    .map(({ topic, level, severity, time, text, key, headers, seq, acceptedAt, queueIndex }) =>
      Object.assign(new PendingRecord({ topic, level, severity, time, text, key, headers }), {
        seq,
        acceptedAt,
        queueIndex,
      }),
    );
  fc.assert(
    fc.property(fc.array(made, { maxLength: 100 }), (records) => {
      const page = pageOf();
      const put = records.filter((record) => page.put(record));
      expect(page.count).toBe(put.length);
      for (const record of put) {
        const { seq, acceptedAt, queueIndex, hasBeenSent, bytes, key } = record;
        expect(page.head).toEqual({ seq, acceptedAt, queueIndex, hasBeenSent, bytes, key });
        const out = page.shift();
        expect(out).not.toBe(record);
        expect(contentOf(out)).toEqual(contentOf(record));
      }
      expect([page.shift(), page.head, page.count]).toEqual([undefined, undefined, 0]);
    }),
  );
});

it.each<[string, Partial<PendingRecord>]>([
  ['whose info somebody wants', { info: {} }],
  ['that stands on disk', { spoolPosition: { segment: 's', offset: 0 } }],
  ['that is about to be written to disk', { isPinned: true }],
  ['that has been sent before', { hasBeenSent: true }],
  ['that belongs to a partition', { partition: 3 }],
  ['that is very long', { text: 'x'.repeat(16_385) }],
  ['that has much beside its text', { headers: { name: 'x'.repeat(16_385) }, bytes: 16_396 }],
])('a record %s stays the object it is', (_, parts) => {
  const page = pageOf();
  const [before, special, after] = ['before', 'special', 'after'].map((text) => recordOf({ text }));
  if (before === undefined || special === undefined || after === undefined) throw new Error('three');
  Object.assign(special, parts);
  for (const record of [before, special, after]) expect(page.put(record)).toBe(true);
  // Nothing is taken as it stands where one of them is an object.
  expect(page.take(3, 1_000, true)).toBeUndefined();
  expect(page.shift()?.text).toBe('before');
  expect(page.shift()).toBe(special);
  expect(page.shift()?.text).toBe('after');
});

it('of a logger with ever new levels, what a page cannot tell apart stays an object', () => {
  const page = pageOf();
  const records = Array.from({ length: 20 }, (_, n) => recordOf({ level: `level ${n}`, text: String(n) }));
  for (const record of records) expect(page.put(record)).toBe(true);
  const out = records.map(() => page.shift());
  expect(out.map(contentOf)).toEqual(records.map(contentOf));
  expect(out.map((record, at) => record === records[at])).toEqual(records.map((_, at) => at >= 16));
});

it('is full when its texts meet its numbers, and no byte of either is lost', () => {
  const page = pageOf();
  const records = Array.from({ length: 100 }, (_, n) => recordOf({ text: String(n).padEnd(n, '.') }));
  const put = records.filter((record) => page.put(record));
  expect(put.length).toBeGreaterThan(30);
  expect(put.length).toBeLessThan(100);
  expect(put.map(() => page.shift()?.text)).toEqual(put.map(({ text }) => text));
});

it('takes as many as there may be, by number and by bytes, but one in any case', () => {
  const page = pageOf();
  for (const text of ['a', 'bb', 'ccc', 'dddd', 'eeeee']) page.put(recordOf({ text }));
  expect(page.take(2, 1_000, true)).toMatchObject({ from: 0, to: 2, bytes: 3 });
  expect(page.take(10, 2, false)).toBeUndefined();
  expect(page.take(10, 2, true)).toMatchObject({ from: 2, to: 3, bytes: 3 });
  expect(page.take(10, 9, false)).toMatchObject({ from: 3, to: 5, bytes: 9 });
  expect(page.take(10, 9, true)).toBeUndefined();
  expect(page.count).toBe(0);
});

it('a page is used again when the last of its users has let go of it, and not before', () => {
  const pool = new PagePool();
  const page = pool.take(0);
  page.put(recordOf({ text: 'first' }));
  const taken = page.take(1, 1_000, true);
  page.release();
  const other = pool.take(0);
  expect(other).not.toBe(page);
  expect(other.put(recordOf({ text: 'second' }))).toBe(true);
  expect(page.packed.textAt(taken?.from ?? -1)).toBe('first');
  page.release();
  const again = pool.take(0);
  expect(again).toBe(page);
  expect([again.count, again.packed.size]).toEqual([0, 4_096]);
  expect(pool.take(10_000).packed.size).toBe(16_384);
  expect(pool.take(10_000_000).packed.size).toBe(65_536);
});

it('is bounded by what its records have beside their texts, too', () => {
  const page = pageOf(65_536);
  const headers = { name: 'x'.repeat(10_000) };
  const put = Array.from({ length: 100 }, () => recordOf({ headers })).filter((record) => page.put(record));
  expect(put.length).toBe(6);
});

it('holds nothing of a record that has been taken out, or whose batch is done', async () => {
  const page = new PagePool().take(65_536);
  const put = (n: number): WeakRef<object> => {
    const headers = { name: `${n}`.repeat(100) };
    page.put(recordOf({ headers }));
    return new WeakRef(headers);
  };
  const refs = Array.from({ length: 10 }, (_, n) => put(n));
  const held = async (): Promise<number> => {
    // What was looked at in this queueIndex is kept until its end.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    return refs.filter((ref) => ref.deref() !== undefined).length;
  };
  expect(await held()).toBe(10);
  for (let n = 0; n < 4; n++) page.shift();
  expect(await held()).toBe(6);
  page.take(10, 10_000, true);
  page.release();
  page.release();
  expect(await held()).toBe(0);
});

it('texts of up to 16,384 characters are packed, longer ones stay objects', () => {
  const isPacked = (length: number): boolean => {
    const page = pageOf(65_536);
    page.put(recordOf({ text: 'x'.repeat(length) }));
    return page.take(1, 1_000_000, true) !== undefined;
  };
  expect([isPacked(16_384), isPacked(16_385)]).toEqual([true, false]);
});
