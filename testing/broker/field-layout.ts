// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// Strings, bytes, arrays and the ends of structures in both layouts of Kafka's messages: the one with lengths of a fixed
// size, and the "flexible" one (KIP-482) with lengths as varints, plus one, and tagged fields at the end of each structure.
import type { Decoder, Encoder } from './wire.ts';

export interface TaggedField {
  readonly tag: number;
  readonly value: Encoder;
}

export interface FieldLayout {
  readString(decoder: Decoder): string | null;
  readBytes(decoder: Decoder): Buffer | null;
  readArray<T>(decoder: Decoder, read: (decoder: Decoder) => T): T[];
  /** The end of a structure: its tagged fields are skipped. */
  readEnd(decoder: Decoder): void;
  writeString(encoder: Encoder, value: string | null): void;
  writeArray(encoder: Encoder, items: readonly Encoder[]): void;
  writeEnd(encoder: Encoder, fields?: readonly TaggedField[]): void;
}

export const FIXED: FieldLayout = {
  readString: (decoder) => decoder.readString(),
  readBytes: (decoder) => decoder.readBytes(),
  readArray: (decoder, read) => decoder.readArray(read),
  readEnd: () => undefined,
  writeString: (encoder, value) => void encoder.writeString(value),
  writeArray: (encoder, items) => void encoder.writeArray(items),
  writeEnd: () => undefined,
};

// kafkajs's own readers of such bytes and of tagged fields are wrong (decoder.js: one byte too many, and a size that is
// read as if it were plus one), so they are not used.
function readCompactBytes(decoder: Decoder): Buffer | null {
  const length = decoder.readUVarInt() - 1;
  return length < 0 ? null : decoder.readBytes(length);
}

export function skipTaggedFields(decoder: Decoder): void {
  for (let left = decoder.readUVarInt(); left > 0; left -= 1) {
    decoder.readUVarInt(); // tag
    decoder.readBytes(decoder.readUVarInt());
  }
}

export const FLEXIBLE: FieldLayout = {
  readString: (decoder) => readCompactBytes(decoder)?.toString('utf8') ?? null,
  readBytes: readCompactBytes,
  readArray: (decoder, read) =>
    Array.from({ length: Math.max(0, decoder.readUVarInt() - 1) }, () => read(decoder)),
  readEnd: skipTaggedFields,
  writeString: (encoder, value) => {
    encoder.writeUVarIntString(value);
  },
  writeArray: (encoder, items) => {
    encoder.writeUVarInt(items.length + 1);
    for (const item of items) encoder.writeEncoder(item);
  },
  writeEnd: (encoder, fields = []) => {
    encoder.writeUVarInt(fields.length);
    for (const { tag, value } of fields) {
      encoder.writeUVarInt(tag).writeUVarInt(value.buffer.length).writeEncoder(value);
    }
  },
};
