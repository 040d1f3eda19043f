import { toBuffer } from '../util/to-buffer.ts';

// Kafka's own constants (org.apache.kafka.common.utils.Utils, `murmur2`).
const SEED = 0x9747b28c;
const M = 0x5bd1e995;
const R = 24;

/**
 * The partition of a key, as Kafka's Java client and kafkajs's `DefaultPartitioner` choose it. Not kafkajs's function: with
 * `worker: true`, kafkajs is not loaded in the main thread.
 *
 * @param count how many partitions the topic has
 */
export function partitionOfKey(key: string | Buffer, count: number): number {
  return (murmur2(toBuffer(key)) & 0x7f_ff_ff_ff) % count;
}

function murmur2(bytes: Buffer): number {
  const { length } = bytes;
  const rest = length - (length % 4);
  let hash = SEED ^ length;
  for (let at = 0; at < rest; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), M);
    word = Math.imul(word ^ (word >>> R), M);
    hash = Math.imul(hash, M) ^ word;
  }
  if (rest < length) {
    for (let at = length - 1; at >= rest; at--) hash ^= (bytes[at] ?? 0) << (8 * (at - rest));
    hash = Math.imul(hash, M);
  }
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return hash ^ (hash >>> 15);
}
