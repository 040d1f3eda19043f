// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// kafkajs's own protocol codec, typed: the stand-in reads and writes with the code that the client uses,
// so nothing of the Kafka primitives is written a second time here.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export interface Decoder {
  readonly buffer: Buffer;
  readonly offset: number;
  readInt8(): number;
  readInt16(): number;
  readInt32(): number;
  readInt64(): bigint;
  readString(): string | null;
  readBytes(byteLength?: number): Buffer | null;
  readUVarInt(): number;
  readVarIntBytes(): Buffer | null;
  readBoolean(): boolean;
  readArray<T>(reader: (decoder: Decoder) => T): T[];
}

export interface Encoder {
  readonly buffer: Buffer;
  writeInt8(value: number): this;
  writeInt16(value: number): this;
  writeInt32(value: number): this;
  writeInt64(value: number | bigint): this;
  writeBoolean(value: boolean): this;
  writeString(value: string | null): this;
  writeUVarInt(value: number): this;
  writeUVarIntString(value: string | null): this;
  writeBytes(value: Buffer | null): this;
  writeArray(values: readonly (Encoder | number | string)[]): this;
  writeEncoder(value: Encoder): this;
}

export interface DecodedRecord {
  timestamp: string;
  offset: string;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, Buffer>;
}

export interface BatchContext {
  firstOffset: string;
  firstTimestamp: string;
  maxTimestamp: string;
  magicByte: number;
}

export const Decoder = require('kafkajs/src/protocol/decoder') as new (buffer: Buffer) => Decoder;

export const Encoder = require('kafkajs/src/protocol/encoder') as new (initialSize?: number) => Encoder;

export const crc32C = require('kafkajs/src/protocol/recordBatch/crc32C') as (buffer: Buffer) => number;

export const decodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0/decoder') as (
  decoder: Decoder,
  context: BatchContext,
) => DecodedRecord;
