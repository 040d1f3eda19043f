import crc32c from 'crc-32/crc32c.js';

/** CRC-32C (Castagnoli) of some bytes, unsigned: what Kafka protects a record batch with. */
export function crc32cOf(bytes: Uint8Array): number {
  return crc32c.buf(bytes) >>> 0;
}
