import { expect, it } from 'vitest';
import type { ProducerLike } from '../../../lib/index.ts';
import { runChild } from '../../support/child-process.ts';
import { loggerWith, startCluster, transportTo } from '../../support/harness.ts';
import { turn, warningsOf } from './rig.ts';

it('a send that never ends does not keep the process of a closed transport alive', async () => {
  // Killed, and so without a code, if it waited for the send's deadline.
  const { code, stdout } = await runChild(new URL('fixtures/hanging-send.ts', import.meta.url), {
    limitMs: 30_000,
  });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    report: { delivered: 0, dropped: 1, pending: 0 },
    warnings: ['ERR_RECORDS_DROPPED'],
  });
});

it('a send that fails after the transport was closed is not told as an outage', async () => {
  const cluster = await startCluster();
  const failures: (() => void)[] = [];
  const producer: ProducerLike = {
    connect: async () => undefined,
    disconnect: async () => undefined,
    send: () => new Promise((_, reject) => failures.push(() => reject(new Error('not connected')))),
  };
  const transport = transportTo(cluster, { producer, closeTimeoutMs: 20 });
  const warnings = warningsOf(transport);
  loggerWith(transport).info('too late');
  expect(await transport.close()).toEqual({ delivered: 0, dropped: 1, pending: 0 });
  for (const fail of failures) fail();
  await turn();
  await turn();
  expect(failures).toHaveLength(1);
  expect(warnings.map(({ code }) => code)).toEqual(['ERR_RECORDS_DROPPED']);
  expect(transport.stats().lastError).toBeNull();
});
