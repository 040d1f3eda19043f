// What is the same of records in a page, and who has room there: see record-page.spec.ts.
import { describe, expect, it } from 'vitest';
import { PackedRecords, textBytes } from '../../../lib/accumulator/store/packed-records.ts';
import { PendingRecord } from '../../../lib/record/record.ts';
import { type RecordParts, recordOf } from '../../sender/rig.ts';

/** Seven numbers of 8 bytes each. */
const NUMBERS = 56;

const isAscii = (text: string): boolean => Buffer.byteLength(text) === text.length;

function packedOf(...records: readonly PendingRecord[]): PackedRecords {
  const packed = new PackedRecords(new ArrayBuffer(1_024));
  for (const [at, record] of records.entries())
    packed.write(at, record, packed.kindOf(record), isAscii(record.text));
  return packed;
}

const recordAt = (seq: number, parts: RecordParts): PendingRecord =>
  Object.assign(recordOf(parts), { seq, acceptedAt: seq + 0.5, queueIndex: -seq });

const THREE = [
  recordAt(1, { text: 'one' }),
  recordAt(2, { text: 'zwölf', key: 'k', level: 'error', severity: 0 }),
  recordAt(3, { text: 'three', headers: { a: 'b' } }),
];

it('a record that is written is there by its place, field by field and as a copy', () => {
  const packed = packedOf(...THREE);
  for (const [at, record] of THREE.entries()) {
    const { seq, time, bytes, key, headers, text, acceptedAt, queueIndex } = record;
    expect([packed.seqAt(at), packed.timeAt(at), packed.sizeAt(at)]).toEqual([seq, time, bytes]);
    expect([packed.textAt(at), packed.keyAt(at), packed.headersAt(at)]).toEqual([text, key, headers]);
    expect(packed.headAt(at)).toEqual({
      ...{ seq, acceptedAt, queueIndex, bytes, key },
      hasBeenSent: false,
      requestedPartition: undefined,
    });
    expect(packed.unpackedAt(at)).toEqual(record);
  }
});

it('a record keeps the partition that it names', () => {
  const record = new PendingRecord({
    ...{ topic: 'logs', level: 'info', severity: 2, time: 0, text: 'x', key: null },
    requestedPartition: 3,
  });
  const packed = packedOf(recordOf(), record);
  expect([0, 1].map((at) => packed.unpackedAt(at).requestedPartition)).toEqual([undefined, 3]);
});

describe('a text', () => {
  it.each([
    ['ASCII', 'abc', 3],
    ['Latin', 'äbc', 6],
    ['half a surrogate pair', '\ud83d', 2],
  ])('that is %s takes its bytes, and comes out as it was', (_name, text, size) => {
    const packed = packedOf(recordOf({ text: 'before' }), recordOf({ text }));
    expect(textBytes(text, isAscii(text))).toBe(size);
    expect(packed.isAsciiAt(1)).toBe(isAscii(text));
    expect(packed.bytesAt(1)).toMatchObject({ from: 6, to: 6 + size });
    expect(packed.textAt(1)).toBe(text);
  });

  it('that is ASCII can be read where it stands', () => {
    const { source, from, to } = packedOf(...THREE).bytesAt(2);
    expect(source.toString('utf8', from, to)).toBe('three');
  });

  it('has what there is between the texts and the numbers, those of its own left out', () => {
    const packed = packedOf();
    expect([packed.size, packed.roomAt(0)]).toEqual([1_024, 1_024 - NUMBERS]);
    packed.write(0, recordOf({ text: 'abc' }), 0, true);
    packed.skip(1);
    expect(packed.roomAt(1)).toBe(1_024 - 2 * NUMBERS - 3);
    expect(packed.roomAt(2)).toBe(1_024 - 3 * NUMBERS - 3);
  });

  it('is behind a place that was skipped as if that were not there', () => {
    const packed = packedOf(recordOf({ text: 'one' }));
    packed.skip(1);
    packed.write(2, recordOf({ text: 'three' }), 0, true);
    expect([packed.beginOf(2), packed.textAt(2)]).toEqual([3, 'three']);
  });
});

describe('a kind', () => {
  it('is shared by records of the same topic, level, severity and requested partition', () => {
    const packed = packedOf();
    const kinds: Partial<PendingRecord>[] = [
      {},
      { topic: 'audit' },
      { level: 'warn' },
      { severity: 3 },
      { requestedPartition: 0 },
    ];
    const numbers = kinds.map((parts) => packed.kindOf(Object.assign(recordOf(), parts)));
    expect(numbers).toEqual([0, 1, 2, 3, 4]);
    expect(kinds.map((parts) => packed.kindOf(Object.assign(recordOf({ text: 'y' }), parts)))).toEqual(
      numbers,
    );
  });

  it('is one of 16, and a record of one more has none', () => {
    const packed = packedOf();
    const numbers = Array.from({ length: 18 }, (_, at) => packed.kindOf(recordOf({ level: `${at}` })));
    expect(numbers.slice(14)).toEqual([14, 15, -1, -1]);
    expect(packed.kindOf(recordOf({ level: '15' }))).toBe(15);
  });

  it('is forgotten when all are', () => {
    const packed = packedOf(recordOf(), recordOf({ level: 'warn' }));
    packed.clear();
    expect(packed.kindOf(recordOf({ level: 'debug' }))).toBe(0);
  });
});

describe('keys and headers', () => {
  it.each<[string, RecordParts, boolean]>([
    ['neither', {}, true],
    ['a key', { key: 'k' }, false],
    ['headers', { headers: {} }, false],
  ])('with %s, all are plain: %s %s', (_name, parts, isPlain) => {
    const packed = packedOf(recordOf(), recordOf(parts));
    expect(packed.isPlain).toBe(isPlain);
    packed.clear();
    expect(packed.isPlain).toBe(true);
  });

  it('of one record are forgotten, and not those of the others', () => {
    const headers = { a: 'b' };
    const packed = packedOf(recordOf({ key: 'one', headers }), recordOf({ key: 'two', headers }));
    packed.forget(0);
    expect([packed.keyAt(0), packed.headersAt(0)]).toEqual([null, undefined]);
    expect([packed.keyAt(1), packed.headersAt(1)]).toEqual(['two', headers]);
  });
});

it.each([
  ['the first', 0, 1],
  ['those in the middle', 1, 3],
  ['all', 0, 4],
])('a copy of %s has their texts and numbers from its own beginning on', (_name, from, to) => {
  const records = [...THREE, recordAt(4, { text: '' })];
  const packed = packedOf(...records);
  const memory = packed.copyOf(from, to);
  expect(memory.byteLength % 8).toBe(0);
  const copy = new PackedRecords(memory);
  for (let at = from; at < to; at++) {
    const { text, bytes, seq, acceptedAt, queueIndex } = records[at] ?? expect.unreachable();
    // What many have in common does not come along.
    expect(copy.unpackedAt(at - from)).toMatchObject({
      ...{ topic: '', level: '', text, bytes, seq, acceptedAt, queueIndex },
    });
  }
  packed.write(0, recordOf({ text: '###' }), 0, true);
  expect(copy.textAt(0)).toBe(records[from]?.text);
});
