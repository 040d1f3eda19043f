import { describe, expect, it } from 'vitest';
import {
  Collecting,
  expectLaw,
  loggerWith,
  numbered,
  startCluster,
  TOPIC,
  transportTo,
} from './support/harness.ts';

describe('KafkaTransport', () => {
  it('ships what is logged, in order, in batches, and says so', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const sibling = new Collecting();
    const logger = loggerWith(transport, sibling);
    for (const message of numbered(1_200)) logger.info(message);
    const report = await transport.flush();
    expect(report).toEqual({ delivered: 1_200, dropped: 0, pending: 0 });
    expect(cluster.values(TOPIC)).toEqual(numbered(1_200));
    expect(sibling.messages).toEqual(numbered(1_200));
    expect(transport.stats()).toMatchObject({ state: 'up', accepted: 1_200, delivered: 1_200, sends: 3 });
    expectLaw(transport);
  });

  it('gives an origin that can be copied, and written as JSON', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, {
      callSite: true,
      headers: ({ origin }) => ({ origin: JSON.stringify({ ...origin }) }),
    });
    loggerWith(transport).info('record 0');
    await transport.flush();
    expect(JSON.parse(String(cluster.records(TOPIC)[0]?.headers.origin))).toEqual({
      function: expect.any(String),
      module: 'spec/kafka-transport.spec',
      file: expect.stringMatching(/kafka-transport\.spec\.ts$/),
      line: expect.any(Number),
      column: expect.any(Number),
    });
  });
});
