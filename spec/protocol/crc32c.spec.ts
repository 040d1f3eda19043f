import { expect, it } from 'vitest';
import { crc32cOf } from '../../lib/protocol/crc32c.ts';

// RFC 3720, B.4, and the check value of the catalogue of parametrised CRC algorithms.
it.each([
  ['32 bytes of zeroes', Buffer.alloc(32), 0x8a9136aa],
  ['32 bytes of ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['32 bytes that increase', Buffer.from(Array.from({ length: 32 }, (_, at) => at)), 0x46dd794e],
  ['32 bytes that decrease', Buffer.from(Array.from({ length: 32 }, (_, at) => 31 - at)), 0x113fdb5c],
  ['the digits from 1 to 9', Buffer.from('123456789'), 0xe3069283],
  ['nothing', Buffer.alloc(0), 0],
])('has the published value for %s', (_name, bytes, checksum) => {
  expect(crc32cOf(bytes)).toBe(checksum);
});
