// What arrives, as Kafka's own Java client reads it: each record, byte by byte, and in order.
import * as zlib from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { KafkaTransport, type KafkaTransportOptions, type TransportEntry } from '../../lib/index.ts';
import { expectLaw, loggerWith } from '../support/harness.ts';
import { readByJava } from './support/java-read-back.ts';
import { RealCluster } from './support/real-cluster.ts';

let cluster: RealCluster;

beforeAll(async () => {
  cluster = await RealCluster.prepare(1);
  await cluster.start();
});

afterAll(() => cluster.stop());

const PARTITIONS = 3;
const COUNT = 2_000;

/** Texts of all lengths of UTF-8, among them an empty one, and one of several pages. */
function textOf(number: number): string {
  const kinds = ['plain', 'Ümlaut', '漢字', '👍🏽', '\u0000\t"', 'x'.repeat(number), ''];
  return number % 700 === 0
    ? `${number} ${'long '.repeat(20_000)}`
    : `${number} ${kinds[number % kinds.length]}`;
}

const numberOf = ({ message }: TransportEntry): number => Number.parseInt(message, 10);

function keyOf(entry: TransportEntry): string | Buffer | null {
  const number = numberOf(entry);
  if (number % 3 === 0) return null;
  return number % 3 === 1 ? `key-ü-${number % 17}` : Buffer.from([number % 11, 0, 255]);
}

function headersOf(entry: TransportEntry): Record<string, string | Buffer | undefined> {
  const number = numberOf(entry);
  if (number % 4 === 0) return {};
  return { number: String(number), empty: '', bytes: Buffer.from([0, 255, number % 256]), größe: undefined };
}

const codecs = ['none', 'gzip', ...('zstdCompress' in zlib ? (['zstd'] as const) : [])] as const;
const variants: [string, Partial<KafkaTransportOptions>][] = [
  ...codecs.map((compression): [string, Partial<KafkaTransportOptions>] => [compression, { compression }]),
  ['idempotent', { idempotent: true }],
  ['public-send', { fastPath: false }],
];

it.each(variants)('is what was logged (%s)', async (name, options) => {
  const topic = `read-back-${name}`;
  await cluster.createTopic(topic, { partitions: PARTITIONS });
  const times = new Map<number, number>();
  const transport = new KafkaTransport({
    topic,
    kafka: { brokers: [...cluster.addresses] },
    key: keyOf,
    headers: (entry) => {
      times.set(numberOf(entry), entry.time);
      return headersOf(entry);
    },
    ...options,
  });
  const logger = loggerWith(transport);
  for (let number = 0; number < COUNT; number++) logger.info(textOf(number));
  expect(await transport.flush(60_000)).toEqual({ delivered: COUNT, dropped: 0, pending: 0 });
  expectLaw(transport);
  await transport.close();

  const read = await readByJava(cluster.addresses, topic);
  const seen = read.map(({ value }) => Number.parseInt(String(value), 10));
  expect([...seen].sort((a, b) => a - b)).toEqual([...Array(COUNT).keys()]);
  for (const [at, record] of read.entries()) {
    const number = seen[at] ?? Number.NaN;
    const entry = { message: textOf(number) } as TransportEntry;
    const key = keyOf(entry);
    const headers = Object.entries(headersOf(entry)).filter(([, value]) => value !== undefined);
    expect(record).toEqual({
      partition: key === null ? record.partition : record.keyPartition,
      offset: read.filter(({ partition, offset }) => partition === record.partition && offset < record.offset)
        .length,
      timestamp: times.get(number),
      keyPartition: key === null ? -1 : record.partition,
      key: key === null ? null : Buffer.from(key as string),
      value: Buffer.from(textOf(number)),
      headers: headers.map(([header, value]) => [header, Buffer.from(value as string)]),
    });
  }
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const keys = new Map<string, number[]>();
    for (const [at, record] of read.entries()) {
      if (record.partition !== partition) continue;
      const key = record.key?.toString('hex') ?? '';
      keys.set(key, [...(keys.get(key) ?? []), seen[at] ?? Number.NaN]);
    }
    for (const numbers of keys.values()) expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  }
});
