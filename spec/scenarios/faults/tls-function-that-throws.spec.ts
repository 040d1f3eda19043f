// Node calls `checkServerIdentity` in a handler of its socket: what it threw was an uncaught exception, and ended the process.
import { expect, it, onTestFinished } from 'vitest';
import { SPEC_TLS } from '../../../testing/broker/spec-tls.ts';
import { loggerWith, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { expectFlushed, expectNoUnhandledRejection, untilDown, warningsOf } from './rig.ts';

it.each<[string, () => unknown, string]>([
  [
    'throws',
    () => {
      throw new Error('a pin that does not match');
    },
    'a pin that does not match',
  ],
  [
    'throws undefined',
    () => {
      throw undefined;
    },
    'undefined',
  ],
  [
    'is async, and so can say nothing',
    async () => {
      throw new Error('a pin that does not match');
    },
    'it returned a promise',
  ],
])('a checkServerIdentity that %s is a failed connect, which names it', async (_, check, said) => {
  expectNoUnhandledRejection();
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);
  process.on('uncaughtException', note);
  onTestFinished(() => {
    process.off('uncaughtException', note);
    expect(uncaught).toEqual([]);
  });
  const cluster = await startCluster({ tls: SPEC_TLS });
  let isWrong = true;
  const checkServerIdentity = (): Error | undefined => (isWrong ? (check() as Error) : undefined);
  const ssl = { ca: [SPEC_TLS.cert], checkServerIdentity };
  const transport = transportTo(cluster, { kafka: { brokers: cluster.addresses, ssl } });
  const warnings = warningsOf(transport);
  loggerWith(transport).info('a record');
  await untilDown(transport);
  expect(warnings[0]?.message).toContain(`kafka.ssl.checkServerIdentity failed: ${said}`);
  isWrong = false;
  await expectFlushed(transport, 1);
  expect(cluster.values(TOPIC)).toEqual(['a record']);
});
