// Reported: a broker's quota that asks for a pause longer than `requestTimeoutMs` was told as an outage. kafkajs holds the next request
// back for so long, as it should; the send was given up meanwhile, and its client replaced.
import { expect, it } from 'vitest';
import { loggerWith, numbered, START_MS, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { expectFlushed, warningsOf } from './rig.ts';

const TIMEOUT_MS = 700 + START_MS;
const PAUSE_MS = TIMEOUT_MS + 500;

it('is waited for, and is no outage', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster, { requestTimeoutMs: TIMEOUT_MS });
  const warnings = warningsOf(transport);
  const logger = loggerWith(transport);
  cluster.inject({ api: 'Produce', action: { throttle: PAUSE_MS } });
  logger.info('record 0');
  await expectFlushed(transport, 1);
  logger.info('record 1');
  await expectFlushed(transport, 2);
  expect(cluster.values(TOPIC)).toEqual(numbered(2));
  expect(cluster.producesWhileThrottled).toBe(0);
  expect(warnings).toEqual([]);
  expect(transport.stats()).toMatchObject({ retries: 0, reconnects: 0 });
});

it('was an outage of a transport that joined the client meanwhile, which cut the connection of all', async () => {
  const cluster = await startCluster({ topics: { [TOPIC]: 1, other: 1 } });
  const transport = transportTo(cluster, { requestTimeoutMs: TIMEOUT_MS });
  cluster.inject({ api: 'Produce', action: { throttle: PAUSE_MS } });
  loggerWith(transport).info('record 0');
  await expectFlushed(transport, 1);
  const late = transportTo(cluster, { requestTimeoutMs: TIMEOUT_MS, topic: 'other' });
  const warnings = warningsOf(late);
  loggerWith(late).info('record 1');
  await expectFlushed(late, 1);
  expect(cluster.producesWhileThrottled).toBe(0);
  expect(warnings).toEqual([]);
  expect(late.stats()).toMatchObject({ retries: 0, reconnects: 0 });
});
