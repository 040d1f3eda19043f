import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PagePool } from '../../../lib/accumulator/store/page-pool.ts';
import { PagedQueue } from '../../../lib/accumulator/store/paged-queue.ts';
import { clientBatch } from '../../sender/rig.ts';
import { CLIENTS } from './clients.ts';
import { numbered, type Parts, readRecord, recordsOf, sentRecord, TIME } from './records.ts';
import { CONTENTS, contractRig, packed, resultOf } from './rig.ts';

const BINARY = Buffer.from([0, 0xff, 0xfe, 0x80, 0x0a]);

const CASES: readonly (readonly [name: string, parts: Parts[]])[] = [
  ['ASCII', [{ text: 'one' }, { text: 'two' }, { text: '{"level":"info"}' }]],
  ['no text at all', [{ text: '' }, { text: 'after it' }, { text: '' }]],
  [
    'text that is not ASCII',
    [{ text: 'Grüße' }, { text: '日本語' }, { text: '😀 and ASCII' }, { text: 'x' }],
  ],
  ['half a surrogate pair', [{ text: 'a \ud83d b' }, { text: '\ude00' }, { text: '\ud83d\ude00' }]],
  ['more than one page', numbered(60, 'x'.repeat(500)).map((text) => ({ text }))],
  [
    'keys',
    [
      { text: 'a', key: 'key' },
      { text: 'b' },
      { text: 'c', key: '' },
      { text: 'd', key: 'Schlüssel' },
      { text: 'e', key: BINARY },
    ],
  ],
  [
    'headers',
    [
      { text: 'no headers', headers: {} },
      { text: 'an empty value', headers: { empty: '' } },
      { text: 'a binary value', headers: { binary: BINARY } },
      { text: 'several', headers: { a: '1', b: Buffer.from('2'), c: 'drei', 'no value': Buffer.alloc(0) } },
      { text: 'a name that is not ASCII', headers: { größe: 'groß', 日本: '😀' } },
      { text: 'no name', headers: { '': 'value' } },
      { text: 'none' },
    ],
  ],
  [
    'keys and headers of text that is not ASCII',
    [
      { text: 'ä', key: 'ö', headers: { ü: 'ß' } },
      { text: 'a', key: 'ö', headers: { ü: 'ß' } },
    ],
  ],
  [
    'timestamps, of which the first is neither the oldest nor the latest',
    [TIME, TIME - 1, TIME + 1, TIME + 999, 0, 1, 999, 1_000, TIME - 86_400_000, 8_640_000_000_000_000].map(
      (time) => ({ text: `at ${time}`, time }),
    ),
  ],
];

describe.each(CLIENTS)('$name', (own) => {
  const rig = contractRig(own);

  describe.each(CONTENTS)('delivers records as %s', (_, contentOf) => {
    it.each(CASES)('with %s', async (_case, parts) => {
      const client = await rig.connected();
      const topic = rig.newTopic();
      const content = contentOf(recordsOf(topic, parts));
      expect(await resultOf(client, clientBatch(topic, content, 0))).toEqual({ kind: 'delivered' });
      expect(rig.cluster.records(topic).map(readRecord)).toEqual(own.sentAs(parts).map(sentRecord));
    });
  });

  it('delivers what a batch was given with, when its pages hold other records before a connection is open', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic();
    const pool = new PagePool();
    const texts = [...numbered(20, 'ascii'), ...numbered(20, 'größer')];
    const content = packed(recordsOf(topic, texts), pool);
    const sending = resultOf(client, clientBatch(topic, content, 0));
    content.release();
    const next = new PagedQueue(pool, () => undefined);
    for (const record of recordsOf(topic, numbered(40, 'another'))) next.push(record);
    expect(await sending).toEqual({ kind: 'delivered' });
    expect(rig.cluster.values(topic)).toEqual(texts);
  });

  it('sends a record whose time a broker has refused with another one, and its own in a header', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic();
    const content = recordsOf(topic, [
      { text: 'old', time: 1 },
      { text: 'new', headers: { a: 'b' } },
    ]);
    for (const record of content.slice(0, 1)) record.sentTime = TIME + 5;
    expect(await resultOf(client, clientBatch(topic, content, 0))).toEqual({ kind: 'delivered' });
    expect(rig.cluster.records(topic).map(readRecord)).toEqual([
      sentRecord({ text: 'old', time: TIME + 5, headers: { 'original-timestamp': '1' } }, 0),
      sentRecord({ text: 'new', headers: { a: 'b' } }, 1),
    ]);
  });
});

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  // Also halves of surrogate pairs.
  fc.array(fc.integer({ min: 0xd000, max: 0xe100 })).map((units) => String.fromCharCode(...units)),
  fc.string({ minLength: 200, maxLength: 2_000 }),
);
const value = fc.oneof(
  text,
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
);
// kafkajs's decoder takes a header for the second of its name where objects inherit something of that name (`toString`).
const headerName = fc.string({ unit: 'binary' }).filter((name) => !(name in {}));
const parts: fc.Arbitrary<Parts[]> = fc.array(
  fc.record({
    text,
    key: fc.oneof(fc.constant(null), value),
    headers: fc.oneof(
      fc.constant(undefined),
      fc.dictionary(headerName, value, { maxKeys: 4, noNullPrototype: true }),
    ),
    time: fc.oneof(fc.nat(), fc.integer({ min: 0, max: 8.64e15 })),
  }),
  { minLength: 1, maxLength: 20 },
);

describe.each(CLIENTS)('$name', (own) => {
  const rig = contractRig(own);

  it.each(CONTENTS)('delivers random records as they are, as %s', async (_, contentOf) => {
    const client = await rig.connected();
    const property = fc.asyncProperty(parts, async (given) => {
      const topic = rig.newTopic();
      const content = contentOf(recordsOf(topic, given));
      expect(await resultOf(client, clientBatch(topic, content, 0))).toEqual({ kind: 'delivered' });
      expect(rig.cluster.records(topic).map(readRecord)).toEqual(own.sentAs(given).map(sentRecord));
    });
    await fc.assert(property, { numRuns: 20 });
  });
});
