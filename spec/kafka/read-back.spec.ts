// What arrives, as Kafka's own Java client reads it: each record, byte by byte, and in order.
import * as zlib from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { KafkaTransport, type KafkaTransportOptions, type TransportEntry } from '../../lib/index.ts';
import { expectLaw, loggerWith } from '../support/harness.ts';
import { readByJava } from './support/java-read-back.ts';
import { headersOf, keyOf, textOf } from './support/mixed-record.ts';
import { expectMixedRecords } from './support/mixed-records.ts';
import { RealCluster } from './support/real-cluster.ts';

let cluster: RealCluster;

beforeAll(async () => {
  cluster = await RealCluster.prepare(1);
  await cluster.start();
});

afterAll(() => cluster.stop());

const PARTITIONS = 3;
const COUNT = 2_000;

const numberOf = ({ message }: TransportEntry): number => Number.parseInt(message, 10);

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
    key: (entry) => keyOf(numberOf(entry)),
    headers: (entry) => {
      times.set(numberOf(entry), entry.time);
      return headersOf(numberOf(entry));
    },
    ...options,
  });
  const logger = loggerWith(transport);
  for (let number = 0; number < COUNT; number++) logger.info(textOf(number));
  expect(await transport.flush(60_000)).toEqual({ delivered: COUNT, dropped: 0, pending: 0 });
  expectLaw(transport);
  await transport.close();

  const read = await readByJava(cluster.addresses, topic);
  expectMixedRecords(read, COUNT, (number) => times.get(number));
});
