// What goes from thread to thread, by the same algorithm that a message port uses.
import { expect, it } from 'vitest';
import {
  pagesFromWire,
  pagesToWire,
  recordsFromWire,
  recordsToWire,
} from '../../../../lib/clients/worker/messages/wire-records.ts';
import { PendingRecord } from '../../../../lib/record/record.ts';
import { deepQueue, recordOf } from '../../../sender/rig.ts';

const overTheWire = (...records: PendingRecord[]): PendingRecord[] =>
  recordsFromWire('t', structuredClone(recordsToWire(records)));

const contentOf = ({ topic, text, time, key, seq, bytes, requestedPartition }: PendingRecord): object => ({
  ...{ topic, text, time, key, seq, bytes, requestedPartition },
});

const records = [
  new PendingRecord({
    topic: 't',
    level: 'info',
    severity: 2,
    time: 11,
    text: 'ü',
    key: 'a key',
    headers: { name: 'text', ['__proto__']: Buffer.from('odd') },
    requestedPartition: 5,
  }),
  new PendingRecord({
    topic: 't',
    level: 'info',
    severity: 2,
    time: 12,
    text: 'two',
    key: Buffer.from('bytes'),
  }),
  new PendingRecord({ topic: 't', level: 'info', severity: 2, time: 13, text: 'three', key: null }),
];
for (const [at, record] of records.entries()) record.seq = 100 + at;

it('records arrive with all that goes to Kafka, Buffers as Buffers', () => {
  const arrived = overTheWire(...records);
  expect(arrived.map(contentOf)).toEqual(records.map(contentOf));
  expect(Object.entries(arrived[0]?.headers ?? {})).toEqual(Object.entries(records[0]?.headers ?? {}));
  expect(Buffer.isBuffer(arrived[1]?.key)).toBe(true);
  expect(arrived[1]?.headers).toBeUndefined();
});

it('records that stand in pages arrive as they are, and nothing of those around them', () => {
  const queue = deepQueue();
  for (const record of [recordOf({ text: 'before' }), ...records, recordOf({ text: 'after' })])
    queue.push(record);
  queue.takePacked({ most: 1, maxBytes: 1_000 });
  const taken = queue.takePacked({ most: records.length, maxBytes: 1_000 });
  if (taken === undefined) throw new Error('they are packed');
  const wire = pagesToWire(taken);
  const arrived = pagesFromWire(structuredClone(wire, { transfer: wire.map(({ memory }) => memory) }));
  const shown = ({ text, time, key, headers, seq, bytes }: PendingRecord) => ({
    ...{ text, time, key, seq, bytes },
    headers: Object.entries(headers ?? {}),
  });
  expect(arrived.toObjects().map(shown)).toEqual(records.map(shown));
  expect([arrived.count, arrived.bytes]).toEqual([taken.count, taken.bytes]);
  expect(Buffer.isBuffer(arrived.toObjects()[1]?.key)).toBe(true);
  for (const { memory } of wire) expect(memory.byteLength).toBe(0);
});

it('records carry no lists of what none of them has', () => {
  expect(Object.keys(recordsToWire(records.slice(2)))).toEqual(['texts', 'times', 'seqs']);
});

it('records have the values that serialize has made of them, and those of the others are their texts', () => {
  const [text, bytes, none] = [recordOf({ text: 'a' }), recordOf({ text: 'b' }), recordOf({ text: 'c' })];
  text.setValue('the value');
  bytes.setValue(Buffer.from([0xff]));
  const arrived = overTheWire(text, bytes, none);
  expect(arrived.map(({ text, value, bytes }) => ({ text, value, bytes }))).toEqual([
    { text: 'a', value: 'the value', bytes: 10 },
    { text: 'b', value: Buffer.from([0xff]), bytes: 2 },
    { text: 'c', value: undefined, bytes: 1 },
  ]);
  expect(Buffer.isBuffer(arrived[1]?.value)).toBe(true);
});

it('a record whose time the broker has refused has the other one, and its own in a header', () => {
  const [refused, sound] = [recordOf({ text: 'refused', headers: { a: 'b' } }), recordOf()];
  refused.sentTime = 5_000;
  const arrived = overTheWire(refused, sound);
  expect(arrived.map(({ time, headers }) => [time, headers && { ...headers }])).toEqual([
    [5_000, { a: 'b', 'original-timestamp': '0' }],
    [0, undefined],
  ]);
});

it('records of several pages arrive in their order', () => {
  const queue = deepQueue();
  // A page of this queue takes 4 KiB.
  const texts = Array.from({ length: 30 }, (_, at) => `${at}`.padEnd(300, '.'));
  for (const text of texts) queue.push(recordOf({ text, key: text.slice(0, 2) }));
  const taken = queue.takePacked({ most: 25, maxBytes: 1_000_000 });
  if (taken === undefined) throw new Error('they are packed');
  const wire = pagesToWire(taken);
  expect(wire.length).toBeGreaterThan(1);
  expect(wire.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(taken.bytes);
  for (const { keys, count } of wire) expect(keys.length).toBe(count);
  const arrived = pagesFromWire(structuredClone(wire)).toObjects();
  expect(arrived.map(({ text, key }) => [text, key])).toEqual(
    texts.slice(0, 25).map((text) => [text, text.slice(0, 2)]),
  );
});
