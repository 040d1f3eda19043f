import type { Socket } from 'node:net';
import type { Batch } from '../../accumulator/batch.ts';
import { ByteReader } from '../../protocol/byte-reader.ts';
import { FIRST_FLEXIBLE_PRODUCE, PRODUCE_API_KEY } from '../../protocol/produce-request.ts';

// Kafka's protocol: every request begins with its length (int32), its API (int16) and version (int16), a
// correlation id (int32) and the client's id (nullable string).
const API_AT = 4;
const VERSION_AT = 6;
const CLIENT_ID_AT = 12;
// From this version of Produce on there is a transactional id (nullable string) before acks (int16) and timeout (int32).
const TRANSACTIONAL_VERSION = 3;

/**
 * Knows whether a send has got as far as writing its records to a socket. The error of the send does not tell: after a
 * failed one kafkajs connects anew, and where that fails too, it is that error which comes out, "connection refused" of
 * records that have long been sent (producer/sendMessages.js: `if (!cluster.isConnected()) await cluster.connect()`).
 */
export class UnwrittenSends {
  /** By topic and partition, of which there is one send at a time: the sends that have not written anything yet. */
  readonly #unwritten = new Map<string, Set<Batch>>();

  /** A send begins. */
  begin(batch: Batch): void {
    const batches = this.#unwritten.get(batch.topic);
    if (batches === undefined) this.#unwritten.set(batch.topic, new Set([batch]));
    else batches.add(batch);
  }

  /** A send is over. @returns whether nothing of it was written */
  end(batch: Batch): boolean {
    const batches = this.#unwritten.get(batch.topic);
    const isUnwritten = batches?.delete(batch) === true;
    if (batches?.size === 0) this.#unwritten.delete(batch.topic);
    return isUnwritten;
  }

  /** Looks at what is written to a socket. kafkajs writes whole requests. */
  watch(socket: Socket): void {
    const write = socket.write as (...args: unknown[]) => boolean;
    socket.write = ((...args: unknown[]): boolean => {
      const [chunk] = args;
      if (Buffer.isBuffer(chunk)) this.#onWrite(chunk);
      return Reflect.apply(write, socket, args);
    }) as Socket['write'];
  }

  #onWrite(request: Buffer): void {
    if (this.#unwritten.size === 0 || request.length < CLIENT_ID_AT) return;
    if (request.readInt16BE(API_AT) !== PRODUCE_API_KEY) return;
    const target = targetOf(request);
    // What cannot be read may have been any of them.
    if (target === undefined) this.#unwritten.clear();
    else this.#onWritten(target.topic, target.partition);
  }

  #onWritten(topic: string, partition: number): void {
    const batches = this.#unwritten.get(topic);
    if (batches === undefined) return;
    for (const batch of batches) {
      if (batch.partition === undefined || batch.partition === partition) batches.delete(batch);
    }
    if (batches.size === 0) this.#unwritten.delete(topic);
  }
}

/** The topic and the partition that a Produce request is for: the transport's have one each. */
function targetOf(request: Buffer): { topic: string; partition: number } | undefined {
  try {
    const version = request.readInt16BE(VERSION_AT);
    const isFlexible = version >= FIRST_FLEXIBLE_PRODUCE;
    // The client's id is written in the old way in all versions.
    const header = new ByteReader(request.subarray(CLIENT_ID_AT));
    header.string();
    const body = new ByteReader(header.rest(), isFlexible);
    body.taggedFields();
    if (version >= TRANSACTIONAL_VERSION) body.string();
    // acks and timeout.
    body.skip(6);
    if (body.arrayLength() !== 1) return undefined;
    const topic = body.string();
    return topic === null || body.arrayLength() !== 1 ? undefined : { topic, partition: body.int32() };
  } catch {
    return undefined;
  }
}
