// A transport with a spool that is removed from its logger, and added again.
import { expect, it } from 'vitest';
import { directoryOfSpec } from '../../spool/rig.ts';
import { expectLaw, loggerWith, numbered, startCluster, TOPIC, transportTo } from '../../support/harness.ts';

const MISSING = 'not-there';

it.each(['overflow', 'always'] as const)(
  'its records have positions of their own: a batch of an idempotent producer is not taken for an earlier one (%s)',
  async (mode) => {
    const cluster = await startCluster({ topics: { [TOPIC]: 1 } });
    const transport = transportTo(cluster, {
      topic: ({ message }) => (message.startsWith('lost') ? MISSING : TOPIC),
      idempotent: true,
      spool: { directory: directoryOfSpec(), mode },
      closeTimeoutMs: 300,
    });
    const logger = loggerWith(transport);
    for (const message of numbered(10, 'lost')) logger.info(message);
    for (const message of numbered(10, 'early')) logger.info(message);
    await cluster.until(() => cluster.count(TOPIC) === 10);
    // Their acknowledgement too.
    while (transport.stats().delivered < 10) await new Promise(setImmediate);
    logger.remove(transport);
    await transport.close();
    expect(transport.stats()).toMatchObject({ accepted: 20, spooled: 10 });
    logger.add(transport);
    // A counter that falls is taken for one that has begun anew.
    expect(transport.stats()).toMatchObject({ accepted: 20, spooled: 10 });
    expectLaw(transport);
    // Before what is on disk has been counted.
    for (const message of numbered(10, 'late')) logger.info(message);
    while (transport.stats().delivered < 20) await new Promise(setImmediate);
    expect(cluster.values(TOPIC)).toEqual([...numbered(10, 'early'), ...numbered(10, 'late')]);
    expectLaw(transport);
    expect(transport.stats().accepted).toBe(30);
    cluster.createTopic(MISSING, 1);
    while (transport.stats().delivered < 30) await new Promise(setImmediate);
    expect(cluster.values(MISSING)).toEqual(numbered(10, 'lost'));
    expectLaw(transport);
  },
);
