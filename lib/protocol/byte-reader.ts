/** Reads Kafka's types, one behind the other. Where the bytes end too early it throws a RangeError. */
export class ByteReader {
  readonly #bytes: Buffer;
  readonly #isFlexible: boolean;
  #at = 0;

  /** @param isFlexible whether strings and arrays have lengths of variable length, and there are tagged fields (KIP-482) */
  constructor(bytes: Buffer, isFlexible: boolean = false) {
    this.#bytes = bytes;
    this.#isFlexible = isFlexible;
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  int64(): bigint {
    this.#at += 8;
    return this.#bytes.readBigInt64BE(this.#at - 8);
  }

  unsignedVarint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes.readUInt8(this.#at++);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  /** A signed number of variable length: see varint.ts. */
  varint(): number {
    const first = this.#bytes.readUInt8(this.#at++);
    const magnitude = ((first & 0x7f) >> 1) + (first < 0x80 ? 0 : this.unsignedVarint() * 64);
    return first % 2 === 0 ? magnitude : -magnitude - 1;
  }

  /** So many bytes. @param length less than 0: none, which is something else than an empty value */
  bytes(length: number): Buffer | null {
    if (length < 0) return null;
    if (this.#at + length > this.#bytes.length)
      throw new RangeError(`${length} bytes are announced, and ${this.#bytes.length - this.#at} are there`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** What has not been read. */
  rest(): Buffer {
    return this.#bytes.subarray(this.#at);
  }

  skip(length: number): void {
    this.#at += length;
  }

  string(): string | null {
    const length = this.#isFlexible ? this.unsignedVarint() - 1 : this.int16();
    return this.bytes(length)?.toString() ?? null;
  }

  arrayLength(): number {
    return this.#isFlexible ? this.unsignedVarint() - 1 : this.int32();
  }

  array<Item>(read: () => Item): Item[] {
    return Array.from({ length: Math.max(0, this.arrayLength()) }, read);
  }

  /** Skips them: nothing that is needed here stands in one. */
  taggedFields(): void {
    if (!this.#isFlexible) return;
    const count = this.unsignedVarint();
    for (let at = 0; at < count; at++) {
      this.unsignedVarint();
      this.skip(this.unsignedVarint());
    }
  }
}
