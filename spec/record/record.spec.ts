import { expect, it } from 'vitest';
import { PendingRecord, type RecordContent } from '../../lib/record/record.ts';

const CONTENT: RecordContent = {
  topic: 'logs',
  level: 'info',
  severity: 2,
  time: 1_700_000_000_000,
  text: 'grüße',
  key: null,
};

it.each<[string, Partial<RecordContent>, number]>([
  ['its text, in UTF-8', {}, 7],
  ['its key', { key: 'ü' }, 9],
  ['a key of bytes', { key: Buffer.from([0xff, 0xfe, 0xfd]) }, 10],
  ['an empty key', { key: '' }, 7],
  ['the names and values of its headers', { headers: { ü: 'ab', n: Buffer.from([1, 2, 3]) } }, 15],
])('has the size of %s', (_name, more, bytes) => {
  expect(new PendingRecord({ ...CONTENT, ...more }).bytes).toBe(bytes);
});

it('has the size that is given, where that is known', () => {
  expect(new PendingRecord(CONTENT, 99).bytes).toBe(99);
});

it('has all that it is made of, and waits', () => {
  const content = { ...CONTENT, key: 'k', headers: { a: 'b' }, requestedPartition: 3, info: {} };
  expect(new PendingRecord(content)).toMatchObject({
    ...content,
    state: 'queued',
    partition: undefined,
    sentTime: undefined,
    spoolPosition: undefined,
    hasBeenSent: false,
    isPinned: false,
    seq: 0,
  });
});

it('has its fields in the same order whatever it is made of, for all records to have one hidden class', () => {
  const plain = new PendingRecord(CONTENT);
  const { info, requestedPartition, headers, ...rest } = {
    ...CONTENT,
    info: {},
    requestedPartition: 1,
    headers: {},
  };
  const full = new PendingRecord({ info, requestedPartition, headers, ...rest }, 1);
  expect(Object.keys(full)).toEqual(Object.keys(plain));
});
