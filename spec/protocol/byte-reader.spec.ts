import { describe, expect, it } from 'vitest';
import { ByteReader } from '../../lib/protocol/byte-reader.ts';

const readerOf = (...bytes: number[]): ByteReader => new ByteReader(Buffer.from(bytes));
const flexibleOf = (...bytes: number[]): ByteReader => new ByteReader(Buffer.from(bytes), true);

/** What is left to be read. */
const left = (reader: ByteReader): number[] => [...reader.rest()];

it.each<[string, number[], (reader: ByteReader) => unknown, unknown]>([
  ['int16', [0xff, 0xfe], (reader) => reader.int16(), -2],
  ['int32', [0x80, 0, 0, 1], (reader) => reader.int32(), -2_147_483_647],
  ['int64', [0x80, 0, 0, 0, 0, 0, 0, 1], (reader) => reader.int64(), -9_223_372_036_854_775_807n],
  ['unsigned number of one byte', [0x7f], (reader) => reader.unsignedVarint(), 127],
  ['unsigned number of two bytes', [0x80, 1], (reader) => reader.unsignedVarint(), 128],
  [
    'unsigned number of 32 bits',
    [0xff, 0xff, 0xff, 0xff, 0x0f],
    (reader) => reader.unsignedVarint(),
    4_294_967_295,
  ],
  ['signed number of one byte', [0x7f], (reader) => reader.varint(), -64],
  ['signed number of two bytes', [0x80, 1], (reader) => reader.varint(), 64],
])('reads an %s, and goes on behind it', (_name, bytes, read, value) => {
  const reader = readerOf(...bytes, 42);
  expect(read(reader)).toBe(value);
  expect(left(reader)).toEqual([42]);
});

it.each<[string, number[], (reader: ByteReader) => unknown]>([
  ['int16', [0], (reader) => reader.int16()],
  ['int32', [0, 0, 0], (reader) => reader.int32()],
  ['int64', [0, 0, 0, 0, 0, 0, 0], (reader) => reader.int64()],
  ['unsigned number', [0x80], (reader) => reader.unsignedVarint()],
  ['signed number', [0x80], (reader) => reader.varint()],
  ['string', [0, 2, 97], (reader) => reader.string()],
  ['length of an array', [0, 0, 0], (reader) => reader.arrayLength()],
])('throws a RangeError where an %s ends too early', (_name, bytes, read) => {
  expect(() => read(readerOf(...bytes))).toThrow(RangeError);
});

it('throws at what comes behind bytes that are skipped beyond the end', () => {
  const reader = readerOf(1, 2);
  reader.skip(3);
  expect(left(reader)).toEqual([]);
  expect(() => reader.bytes(0)).toThrow(RangeError);
});

describe('bytes', () => {
  it('are those that are there, and not a copy', () => {
    const source = Buffer.from([1, 2, 3]);
    const reader = new ByteReader(source);
    reader.skip(1);
    const bytes = reader.bytes(2);
    source[1] = 7;
    expect(bytes).toEqual(Buffer.from([7, 3]));
  });

  it('that are none are something else than an empty value', () => {
    const reader = readerOf(1);
    expect([reader.bytes(-1), reader.bytes(0)]).toEqual([null, Buffer.alloc(0)]);
    expect(left(reader)).toEqual([1]);
  });

  it('of which there are fewer than announced are an error that says so', () => {
    const reader = readerOf(1, 2, 3);
    reader.skip(1);
    expect(() => reader.bytes(3)).toThrow(new RangeError('3 bytes are announced, and 2 are there'));
  });
});

describe('a string', () => {
  it.each<[string, ByteReader, string | null]>([
    ['has a length of two bytes', readerOf(0, 3, 97, 0xc3, 0xbc, 42), 'aü'],
    ['may be empty', readerOf(0, 0, 42), ''],
    ['may be none', readerOf(255, 255, 42), null],
    ['has a length of one more, in a flexible version', flexibleOf(4, 97, 0xc3, 0xbc, 42), 'aü'],
    ['may be empty, in a flexible version', flexibleOf(1, 42), ''],
    ['may be none, in a flexible version', flexibleOf(0, 42), null],
  ])('%s', (_name, reader, text) => {
    expect(reader.string()).toBe(text);
    expect(left(reader)).toEqual([42]);
  });
});

describe('an array', () => {
  it.each<[string, ByteReader, number[]]>([
    ['has a length of four bytes', readerOf(0, 0, 0, 2, 0, 7, 0, 8, 42), [7, 8]],
    ['may be none', readerOf(255, 255, 255, 255, 42), []],
    ['has a length of one more, in a flexible version', flexibleOf(3, 0, 7, 0, 8, 42), [7, 8]],
    ['may be none, in a flexible version', flexibleOf(0, 42), []],
  ])('%s', (_name, reader, items) => {
    expect(reader.array(() => reader.int16())).toEqual(items);
    expect(left(reader)).toEqual([42]);
  });
});

describe('tagged fields', () => {
  it.each<[string, number[]]>([
    ['that are none', [0]],
    ['of any length', [2, 0, 3, 9, 9, 9, 0x85, 1, 1, 9]],
  ])('%s are skipped', (_name, bytes) => {
    const reader = flexibleOf(...bytes, 42);
    reader.taggedFields();
    expect(left(reader)).toEqual([42]);
  });

  it('are not there in a version that is not flexible', () => {
    const reader = readerOf(0, 42);
    reader.taggedFields();
    expect(left(reader)).toEqual([0, 42]);
  });
});
