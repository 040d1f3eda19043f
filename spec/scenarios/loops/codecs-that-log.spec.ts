// What a codec of the application's logged went to Kafka with the next send, which called the codec again, for ever.
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import kafkajs from 'kafkajs';
import { expect, it, onTestFinished } from 'vitest';
import { expectLaw, loggerWith, startCluster, TOPIC, transportTo } from '../../support/harness.ts';

const { CompressionCodecs, CompressionTypes } = kafkajs;

it('a registered codec that logs, when it is made and when it compresses, makes no loop', async () => {
  const { [CompressionTypes.GZIP]: own } = CompressionCodecs;
  onTestFinished(() => {
    CompressionCodecs[CompressionTypes.GZIP] = own;
  });
  const cluster = await startCluster();
  const transport = transportTo(cluster, { compression: 'gzip', worker: false });
  const logger = loggerWith(transport);
  let times = 0;
  CompressionCodecs[CompressionTypes.GZIP] = () => {
    logger.info('makes a codec');
    return {
      compress: ({ buffer }: { buffer: Buffer }) => {
        times++;
        logger.info('compresses');
        return promisify(gzip)(buffer);
      },
      decompress: async (buffer: Buffer) => buffer,
    };
  };
  logger.info('a record');
  await transport.flush(Infinity);
  await transport.flush(Infinity);
  expect(cluster.values(TOPIC)).toEqual(['a record']);
  expect(times).toBe(1);
  expect(transport.stats().suppressed.reentrant).toBe(2);
  expectLaw(transport);
});
