import { writeUnsignedVarint } from './varint.ts';

/** Kafka's number of the Produce request. */
export const PRODUCE_API_KEY = 0;

// 3 is the first that takes record batches of format v2. 13 names topics by their ids, which kafkajs does not know.
const MIN_VERSION = 3;
const MAX_VERSION = 12;
/** From this one on, strings and arrays have lengths of variable length, and there are tagged fields (KIP-482). */
export const FIRST_FLEXIBLE_PRODUCE = 9;

/** Versions of a request that a broker speaks, as it answers ApiVersions. */
export interface VersionRange {
  readonly minVersion: number;
  readonly maxVersion: number;
}

/** The newest version of Produce that both sides speak, or nothing. */
export function produceVersion(broker: VersionRange | undefined): number | undefined {
  if (broker === undefined) return undefined;
  const version = Math.min(MAX_VERSION, broker.maxVersion);
  return version >= Math.max(MIN_VERSION, broker.minVersion) ? version : undefined;
}

export interface ProduceRequest {
  readonly version: number;
  readonly acks: number;
  /** How long the broker may wait for its replicas, in milliseconds. */
  readonly timeoutMs: number;
  readonly topic: string;
  readonly partition: number;
  readonly batch: Buffer;
}

/**
 * The body of a Produce request for one partition, without a transaction. From version 9 on it begins with the tagged fields of
 * the request's header, which whoever writes an older header leaves out. In pieces, so that the batch is not copied.
 */
export function produceRequestBody(request: ProduceRequest): readonly Buffer[] {
  return request.version < FIRST_FLEXIBLE_PRODUCE ? plainBody(request) : flexibleBody(request);
}

function plainBody({ acks, timeoutMs, topic, partition, batch }: ProduceRequest): readonly Buffer[] {
  const name = Buffer.from(topic);
  const before = Buffer.alloc(2 + 2 + 4 + 4 + 2 + name.length + 4 + 4 + 4);
  // No transactional id.
  let at = before.writeInt16BE(-1, 0);
  at = before.writeInt16BE(acks, at);
  at = before.writeInt32BE(timeoutMs, at);
  at = before.writeInt32BE(1, at);
  at = before.writeInt16BE(name.length, at);
  at += name.copy(before, at);
  at = before.writeInt32BE(1, at);
  at = before.writeInt32BE(partition, at);
  before.writeInt32BE(batch.length, at);
  return [before, batch];
}

// Lengths are written plus one, because 0 stands for "none": so this is an array of one element.
const ONE_ELEMENT = 2;
const NO_TAGGED_FIELDS = 0;

function flexibleBody({ acks, timeoutMs, topic, partition, batch }: ProduceRequest): readonly Buffer[] {
  const name = Buffer.from(topic);
  const before = Buffer.alloc(1 + 1 + 2 + 4 + 1 + 5 + name.length + 1 + 4 + 5);
  let at = before.writeUInt8(NO_TAGGED_FIELDS, 0);
  // No transactional id.
  at = before.writeUInt8(0, at);
  at = before.writeInt16BE(acks, at);
  at = before.writeInt32BE(timeoutMs, at);
  at = before.writeUInt8(ONE_ELEMENT, at);
  at = writeUnsignedVarint(before, at, name.length + 1);
  at += name.copy(before, at);
  at = before.writeUInt8(ONE_ELEMENT, at);
  at = before.writeInt32BE(partition, at);
  at = writeUnsignedVarint(before, at, batch.length + 1);
  // Of the partition, the topic, and the request.
  const after = Buffer.from([NO_TAGGED_FIELDS, NO_TAGGED_FIELDS, NO_TAGGED_FIELDS]);
  return [before.subarray(0, at), batch, after];
}
