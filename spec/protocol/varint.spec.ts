import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteReader } from '../../lib/protocol/byte-reader.ts';
import { sizeOfVarint, writeUnsignedVarint, writeVarint } from '../../lib/protocol/varint.ts';

const bytes = Buffer.alloc(16);

it.each([
  [0, [0]],
  [-1, [1]],
  [1, [2]],
  [63, [126]],
  [64, [128, 1]],
  [-64, [127]],
  [-65, [129, 1]],
  [300, [216, 4]],
  [2 ** 31, [128, 128, 128, 128, 16]],
])('writes %i as Protocol Buffers write a sint64', (value, written) => {
  expect([...bytes.subarray(0, writeVarint(bytes, 0, value))]).toEqual(written);
});

it('writes as many bytes as it says, and the same number is read', () => {
  const edges = [0, 1, -1, 2 ** 30, -(2 ** 30), 2 ** 31, -(2 ** 31), 2 ** 32, 8.64e15, -8.64e15];
  const number = fc.oneof(
    fc.constantFrom(...edges),
    fc.integer(),
    fc.integer({ min: -8.64e15, max: 8.64e15 }),
  );
  fc.assert(
    fc.property(number, (value) => {
      const end = writeVarint(bytes, 0, value);
      expect(end).toBe(sizeOfVarint(value));
      expect(new ByteReader(bytes.subarray(0, end)).varint()).toBe(value);
    }),
  );
});

it('writes a number without a sign, and the same is read', () => {
  fc.assert(
    fc.property(fc.nat(), (value) => {
      const end = writeUnsignedVarint(bytes, 0, value);
      expect(new ByteReader(bytes.subarray(0, end)).unsignedVarint()).toBe(value);
    }),
  );
});
