// What was thrown while a request was encoded counted as an outage, unless it was a TypeError or a RangeError: the record, and
// every sound one behind it, was tried again for ever.
import { CompressionTypes } from 'kafkajs';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { KafkaTransportOptions } from '../../../lib/index.ts';
import type { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import {
  expectLaw,
  isWorkerRun,
  loggerWith,
  startCluster,
  TOPIC,
  transportTo,
} from '../../support/harness.ts';
import { register } from './fixtures/kafka-that-throws.mjs';
import { expectExactlyOnce, expectFlushed, expectNoUnhandledRejection, warningsOf } from './rig.ts';
import { PLACES, THROWN } from './thrown.ts';

type Options = Partial<KafkaTransportOptions>;

const COUNT = 100;

function throughCodec(cluster: BrokerCluster): Options {
  const compression = CompressionTypes.GZIP;
  if (!isWorkerRun) {
    onTestFinished(register());
    return { compression };
  }
  const kafkaModule = new URL('./fixtures/kafka-that-throws.mjs', import.meta.url);
  kafkaModule.search = `broker=${cluster.addresses[0]}`;
  return { compression, kafkaModule, worker: true };
}

describe.each(THROWN)('%s, thrown by a codec', (what) => {
  it.each(Object.keys(PLACES))('for a %s: that record alone is rejected', async (place) => {
    expectNoUnhandledRejection();
    const cluster = await startCluster();
    const isBad = (message: string): boolean => message.startsWith('bad');
    const undelivered: string[] = [];
    const transport = transportTo(cluster, {
      ...throughCodec(cluster),
      ...PLACES[place]?.(isBad, what),
      batch: { lingerMs: 1, maxRecords: 50 },
      dropNotice: false,
      fallback: ({ message, reason }) => void undelivered.push(`${reason}: ${message}`),
    });
    const logger = loggerWith(transport);
    const bad = place === 'value' ? `bad, throw: ${what}` : 'bad';
    for (let n = 0; n < COUNT; n++) {
      if (n === 42) logger.info(bad);
      logger.info(`record ${n}`);
    }
    expect(await transport.flush(20_000)).toEqual({ delivered: COUNT, dropped: 1, pending: 0 });
    expectExactlyOnce(cluster, COUNT);
    expect(undelivered).toEqual([`rejected: ${bad}`]);
    expect(transport.stats()).toMatchObject({ state: 'up', dropped: { rejected: 1 } });
    expectLaw(transport);
  });

  it('for all of them: an outage, until it works again', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, {
      ...throughCodec(cluster),
      headers: ({ message }) => (message.startsWith('bad') ? { h: `throw: ${what}` } : undefined),
    });
    const warnings = warningsOf(transport);
    const logger = loggerWith(transport);
    for (let n = 0; n < COUNT; n++) logger.info(`bad record ${n}`);
    while (transport.stats().state !== 'down') await transport.flush(20);
    expect(await transport.flush(500)).toMatchObject({ dropped: 0, pending: COUNT });
    expect(warnings.map(({ code }) => code)).toEqual(['ERR_SEND_FAILED']);
    expectLaw(transport);
  });
});

describe('bytes that throw when they are read', () => {
  const mean = (thrown: unknown): Buffer =>
    Object.defineProperty(Buffer.from('mean'), 'length', {
      get: () => {
        throw thrown;
      },
    });

  it.each<[string, unknown]>([
    ['an Error', new Error('boom')],
    ['a string', 'boom'],
    ['undefined', undefined],
  ])('with %s cost the key or the headers, not the record', async (_, thrown) => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, {
      key: ({ message }) => (message === 'record 1' ? mean(thrown) : 'k'),
      headers: ({ message }) => (message === 'record 2' ? { h: mean(thrown) } : { h: 'v' }),
    });
    const warnings = warningsOf(transport);
    const logger = loggerWith(transport);
    for (let n = 0; n < 4; n++) logger.info(`record ${n}`);
    await expectFlushed(transport, 4);
    const records = cluster.records(TOPIC);
    expect(records.map(({ key, headers }) => [key?.toString(), Object.keys(headers).length])).toEqual(
      expect.arrayContaining([
        [undefined, 1],
        ['k', 0],
        ['k', 1],
        ['k', 1],
      ]),
    );
    expect(warnings.map(({ code }) => code)).toEqual(['ERR_CALLBACK_FAILED', 'ERR_CALLBACK_FAILED']);
  });

  it('whose memory is handed to a thread meanwhile, or written over, are sent as they were', async () => {
    const cluster = await startCluster();
    const bytes = Buffer.from(new ArrayBuffer(3));
    bytes.write('abc');
    const other = Buffer.from('abc');
    const transport = transportTo(cluster, { key: () => bytes, headers: () => ({ h: other }) });
    loggerWith(transport).info('record 0');
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    other.fill('x');
    await expectFlushed(transport, 1);
    const [record] = cluster.records(TOPIC);
    expect([record?.key?.toString(), record?.headers.h?.toString()]).toEqual(['abc', 'abc']);
  });
});
