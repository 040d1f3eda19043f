// Compression by name, in both ways to send and in both threads.
import * as zlib from 'node:zlib';
import { CompressionCodecs, CompressionTypes } from 'kafkajs';
import { beforeEach, expect, it } from 'vitest';
import { KafkaTransport, type KafkaTransportOptions } from '../../../lib/index.ts';
import { expectExactlyOnce, expectFlushed } from '../../scenarios/faults/rig.ts';
import { loggerWith, startCluster, TOPIC, transportTo } from '../../support/harness.ts';

const CODEC_MASK = 0x07;
const ATTRIBUTES_AT = 21;

/** From Node 22.15 on. */
const hasZstd = 'zstdCompress' in zlib;

const ofKafkajs = CompressionCodecs[CompressionTypes.ZSTD];

// As in a process whose first transport with zstd this is: what another one has registered is gone.
beforeEach(() => {
  CompressionCodecs[CompressionTypes.ZSTD] = ofKafkajs;
});

const NAMES: [NonNullable<KafkaTransportOptions['compression']>, number][] = [
  ['none', 0],
  ['gzip', 1],
  [1, 1],
  ...(hasZstd ? [['zstd', 4] as ['zstd', number]] : []),
];

it.each(
  NAMES.flatMap(([compression, type]) =>
    [true, false].flatMap((fastPath) =>
      [false, true].map((worker) => ({ compression, type, fastPath, worker })),
    ),
  ),
)('$compression, fastPath: $fastPath, worker: $worker', async ({ compression, type, fastPath, worker }) => {
  const cluster = await startCluster();
  const transport = transportTo(cluster, { compression, fastPath, worker });
  const logger = loggerWith(transport);
  for (let n = 0; n < 200; n++) logger.info(`a text that says much the same each time: record ${n}`);
  await expectFlushed(transport, 200);
  expectExactlyOnce(cluster, 200);
  const codecs = cluster.batches(TOPIC).map(({ bytes }) => bytes.readInt16BE(ATTRIBUTES_AT) & CODEC_MASK);
  expect(new Set(codecs)).toEqual(new Set([type]));
  expect(transport.stats().path).toBe(fastPath ? 'fast' : 'send');
});

it.each([false, true])('a name that there is no codec for throws at construction, worker: %s', (worker) => {
  const missing = hasZstd ? (['snappy', 'lz4'] as const) : (['snappy', 'lz4', 'zstd'] as const);
  for (const compression of missing) {
    const make = (): unknown =>
      new KafkaTransport({ topic: TOPIC, kafka: { brokers: ['127.0.0.1:1'] }, compression, worker });
    expect(make).toThrow(/option "compression" must be a type that there is a codec for.*register one/);
  }
});
