import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect, it, onTestFinished } from 'vitest';
import type { KafkaTransport } from '../../../lib/index.ts';
import { expectFlushed, untilDown } from '../../scenarios/faults/rig.ts';
import { Collecting, expectLaw, loggerWith, startCluster, TOPIC } from '../../support/harness.ts';
import { describeWithPlatformatic, platformaticTo } from './rig.ts';

describeWithPlatformatic('what is logged from inside @platformatic/kafka', () => {
  it('never goes to Kafka: subscribers of its diagnostics channels', async () => {
    const cluster = await startCluster();
    const transport = platformaticTo(cluster);
    const others = new Collecting();
    const logger = loggerWith(transport, others);
    let told = 0;
    const log = (): void => void logger.info(`from inside ${++told}`);
    const channels = ['start', 'end', 'asyncStart', 'asyncEnd'].flatMap((moment) =>
      ['producer:sends', 'connections:api', 'connections:connects', 'base:metadata'].map(
        (name) => `tracing:plt:kafka:${name}:${moment}`,
      ),
    );
    for (const channel of channels) subscribe(channel, log);
    onTestFinished(() => {
      for (const channel of channels) unsubscribe(channel, log);
    });
    logger.info('record');
    await expectFlushed(transport, 1);
    await transport.close();
    expect(told).toBeGreaterThan(8);
    expect(cluster.values(TOPIC)).toEqual(['record']);
    expect(transport.stats().suppressed.reentrant).toBe(told);
    // All other transports have them.
    expect(others.infos.length).toBe(told + 1);
    expectLaw(transport);
  });

  it('never goes to Kafka: a `logCreator` of the caller, which gets its lines as kafkajs writes them', async () => {
    const cluster = await startCluster();
    const lines: { level: number; namespace: string; message: string; broker: unknown }[] = [];
    const transport: KafkaTransport = platformaticTo(cluster, {
      kafka: {
        brokers: cluster.addresses,
        logCreator: () => (entry) => {
          const { level, namespace, log } = entry;
          lines.push({ level, namespace, message: log.message, broker: log.broker });
          logger.info('a line of the client');
        },
      },
      clientLog: { level: 'debug' },
    });
    const logger = loggerWith(transport);
    logger.info('record');
    await expectFlushed(transport, 1);
    expect(lines[0]).toEqual({
      level: 5,
      namespace: '@platformatic/kafka',
      message: 'Connected',
      broker: cluster.addresses[0],
    });
    expect(cluster.values(TOPIC)).toEqual(['record']);
    expect(transport.stats().suppressed.reentrant).toBe(lines.length);
  });

  it('goes to the logger of `clientLog`, and not to Kafka', async () => {
    const cluster = await startCluster();
    await cluster.down();
    const lines: string[] = [];
    const note = (message: string): void => void lines.push(message);
    const logger = { error: note, warn: note, info: note, debug: note };
    const transport = platformaticTo(cluster, { clientLog: { level: 'error', logger } });
    loggerWith(transport).info('record');
    await untilDown(transport);
    expect(lines[0]).toContain('Failed to connect');
    await cluster.up();
    await expectFlushed(transport, 1);
    expect(cluster.values(TOPIC)).toEqual(['record']);
  });
});
