import { expect, it } from 'vitest';
import { loggerWith, numbered, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { expectAtLeastOnce, warningsOf } from './rig.ts';

it('a token service that was away twice, while connections broke, had records rejected that were fine', async () => {
  const cluster = await startCluster({ sasl: () => true });
  let isAway = false;
  let failures = 0;
  const oauthBearerProvider = async (): Promise<{ value: string }> => {
    if (!isAway) return { value: 'to-ken' };
    failures++;
    throw new Error('503 Service Unavailable');
  };
  const transport = transportTo(cluster, {
    batch: { maxRecords: 10, lingerMs: 1 },
    dropNotice: false,
    kafka: { brokers: cluster.addresses, sasl: { mechanism: 'oauthbearer', oauthBearerProvider } },
  });
  const warnings = warningsOf(transport);
  const goAway = (): void => {
    isAway = true;
    failures = 0;
    cluster.inject({ api: 'Produce', action: { cut: 'before-store' } });
  };
  const logger = loggerWith(transport);
  logger.info('record 0');
  await transport.flush(Infinity);
  goAway();
  for (const message of numbered(5).slice(1)) logger.info(message);
  await cluster.until(() => failures >= 9);
  cluster.once('append', goAway);
  isAway = false;
  // Part of them, where they were sent one by one.
  await cluster.until(() => cluster.count(TOPIC) > 1);
  logger.info('record 5');
  await cluster.until(() => failures >= 20);
  isAway = false;
  expect(await transport.flush(Infinity)).toEqual({ delivered: 6, dropped: 0, pending: 0 });
  expectAtLeastOnce(cluster, 6);
  expect(warnings.map(({ message }) => message).join()).toContain(
    'kafka.sasl.oauthBearerProvider failed: 503 Service Unavailable',
  );
});
