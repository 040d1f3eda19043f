// The records of a batch, byte by byte as kafkajs's own encoder writes them.
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RECORD_BATCH_HEADER_BYTES, RecordsEncoder } from '../../lib/protocol/records-encoder.ts';
import { readRecords } from '../../lib/protocol/records-reader.ts';

interface Given {
  readonly timestamp: number;
  readonly key: string | Buffer | null;
  readonly text: string;
  readonly headers: Record<string, string | Buffer> | undefined;
}

const kafkajsRecord = createRequire(import.meta.url)(
  'kafkajs/src/protocol/recordBatch/record/v0/index.js',
) as (record: object) => { buffer: Buffer };

function byKafkajs(records: readonly Given[]): Buffer {
  const base = records[0]?.timestamp ?? 0;
  return Buffer.concat(
    records.map(
      ({ timestamp, key, text, headers }, at) =>
        kafkajsRecord({
          offsetDelta: at,
          timestampDelta: timestamp - base,
          key,
          value: text,
          headers: { ...headers },
        }).buffer,
    ),
  );
}

/** @param isByBytes whether the values are given as bytes in a larger piece of memory */
function byOurs(records: readonly Given[], isByBytes: boolean, bytes = 0): Buffer {
  const encoder = new RecordsEncoder(records.length, bytes);
  for (const { timestamp, key, text, headers } of records) {
    const source = Buffer.from(`before ${text} after`);
    if (isByBytes)
      encoder.addBytes(
        timestamp,
        key,
        { source, from: 'before '.length, to: source.length - ' after'.length },
        headers,
      );
    else encoder.addText(timestamp, key, text, headers);
  }
  return encoder.finish().bytes.subarray(RECORD_BATCH_HEADER_BYTES);
}

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ minLength: 100, maxLength: 300 }),
);
const value = fc.oneof(text, fc.uint8Array().map(Buffer.from));
const records: fc.Arbitrary<Given[]> = fc.array(
  fc.record({
    timestamp: fc.oneof(fc.nat(), fc.integer({ min: 0, max: 8.64e15 })),
    key: fc.oneof(fc.constant(null), value),
    text,
    headers: fc.oneof(
      fc.constant(undefined),
      fc.dictionary(fc.string(), value, { maxKeys: 4, noNullPrototype: true }),
    ),
  }),
  { minLength: 1, maxLength: 20 },
);

it('writes what kafkajs writes', () => {
  fc.assert(
    fc.property(records, fc.nat(2_000), (given, bytes) => {
      expect(byOurs(given, false, bytes).equals(byKafkajs(given))).toBe(true);
    }),
  );
});

it('writes the same of values that stand in memory as UTF-8', () => {
  fc.assert(
    fc.property(records, fc.nat(2_000), (given, bytes) => {
      expect(byOurs(given, true, bytes).equals(byKafkajs(given))).toBe(true);
    }),
  );
});

it('writes half a surrogate pair as the replacement character, as Node does', () => {
  const [read] = readRecords(encoded([{ timestamp: 1, key: null, text: 'a\ud800b', headers: undefined }]));
  expect(read?.value?.toString()).toBe('a\ufffdb');
});

it('counts its records, and knows the first and the latest time', () => {
  const at = (timestamp: number): Given => ({ timestamp, key: null, text: 'x', headers: undefined });
  expect(encoded([at(5), at(9), at(2)])).toMatchObject({ count: 3, baseTimestamp: 5, maxTimestamp: 9 });
});

it('is read as it was written, all of it or the first ones', () => {
  const written = encoded([
    { timestamp: 7, key: 'k', text: 'ä', headers: { a: 'b', empty: '' } },
    { timestamp: 4, key: Buffer.from([255]), text: '', headers: undefined },
    { timestamp: 8.64e15, key: null, text: 'last', headers: {} },
  ]);
  const read = [
    {
      timestamp: 7,
      key: Buffer.from('k'),
      value: Buffer.from('ä'),
      headers: [
        ['a', Buffer.from('b')],
        ['empty', Buffer.alloc(0)],
      ],
    },
    { timestamp: 4, key: Buffer.from([255]), value: Buffer.alloc(0), headers: [] },
    { timestamp: 8.64e15, key: null, value: Buffer.from('last'), headers: [] },
  ];
  expect(readRecords(written)).toEqual(read);
  expect(readRecords(written, 1)).toEqual(read.slice(0, 1));
});

function encoded(given: readonly Given[]): ReturnType<RecordsEncoder['finish']> {
  const encoder = new RecordsEncoder(given.length, 0);
  for (const { timestamp, key, text: each, headers } of given) encoder.addText(timestamp, key, each, headers);
  return encoder.finish();
}
