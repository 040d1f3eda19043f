// What Kafka's own Java client finds in a topic.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { kafkaClassPath } from './jars.ts';

const PROGRAM = fileURLToPath(new URL('ReadBack.java', import.meta.url));

export interface JavaRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  /** Of its key, as Kafka's own producer has it; -1 without a key. */
  readonly keyPartition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [string, Buffer | null])[];
}

/** All records, by partition and in order of their offsets. */
export async function readByJava(brokers: readonly string[], topic: string): Promise<JavaRecord[]> {
  const args = ['-Xmx256m', '-cp', await kafkaClassPath(), PROGRAM, brokers.join(','), topic];
  const { stdout } = await promisify(execFile)('java', args, { maxBuffer: 2 ** 28 });
  const records = stdout.split('\n').filter(Boolean).map(recordOf);
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

function recordOf(line: string): JavaRecord {
  const [partition, offset, timestamp, keyPartition, key = '', value = '', ...rest] = line.split(' ');
  const headers: [string, Buffer | null][] = [];
  for (let at = 0; at < rest.length; at += 2)
    headers.push([String(bytesOf(rest[at])), bytesOf(rest[at + 1])]);
  return {
    partition: Number(partition),
    offset: Number(offset),
    timestamp: Number(timestamp),
    keyPartition: Number(keyPartition),
    key: bytesOf(key),
    value: bytesOf(value),
    headers,
  };
}

function bytesOf(text = '-'): Buffer | null {
  return text === '-' ? null : Buffer.from(text.slice(1), 'base64');
}
