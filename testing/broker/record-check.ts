// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// Whether the records of a batch are what its header says, without making objects of them.
import { ERROR } from './apis.ts';

/** Walks over the bytes of the records; throws a RangeError where they end too early or make no sense. */
class Walker {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  skip(length: number): void {
    this.at += length;
    if (length < 0 || this.at > this.#bytes.length) throw new RangeError('past the end of the records');
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes.readUInt8(this.at);
      this.at += 1;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw new RangeError('a varint of more than five bytes');
  }

  skipVarlong(): void {
    for (let length = 1; length <= 10; length += 1) {
      const byte = this.#bytes.readUInt8(this.at);
      this.at += 1;
      if (byte < 0x80) return;
    }
    throw new RangeError('a varlong of more than ten bytes');
  }

  skipNullable(): void {
    const length = this.varint();
    if (length !== -1) this.skip(length);
  }
}

function walkRecord(walker: Walker, index: number): boolean {
  const length = walker.varint();
  const end = walker.at + length;
  walker.skip(1); // attributes
  walker.skipVarlong(); // timestamp delta
  if (walker.varint() !== index) return false; // offset delta
  walker.skipNullable(); // key
  walker.skipNullable(); // value
  for (let headers = walker.varint(); headers > 0; headers -= 1) {
    walker.skip(walker.varint()); // a header's key is never null
    walker.skipNullable();
  }
  return walker.at === end;
}

/**
 * INVALID_RECORD unless these are exactly so many records, with the offsets 0, 1, 2 and so on. Kafka takes other offsets too, and
 * numbers the records itself; here a client is to learn that its encoder is wrong.
 */
export function errorOfRecords(bytes: Buffer, records: number): number {
  const walker = new Walker(bytes);
  try {
    for (let index = 0; index < records; index += 1) {
      if (!walkRecord(walker, index)) return ERROR.INVALID_RECORD;
    }
  } catch {
    return ERROR.INVALID_RECORD;
  }
  return walker.at === bytes.length ? ERROR.NONE : ERROR.INVALID_RECORD;
}
