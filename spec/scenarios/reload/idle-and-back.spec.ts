import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { KafkaTransport } from '../../../lib/index.ts';
import { loggerWith, startCluster, TOPIC, transportTo } from '../../support/harness.ts';

const EVENTS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'exit', 'beforeExit'];
const listeners = (): number[] => EVENTS.map((name) => process.listenerCount(name));

async function untilIdle(transport: KafkaTransport): Promise<void> {
  while (transport.stats().state !== 'idle') await new Promise(setImmediate);
}

it('an idle transport has no listeners on the process, and has them again with the next record', async () => {
  const cluster = await startCluster();
  const before = listeners();
  const transport = transportTo(cluster, { idleTimeoutMs: 1 });
  const logger = loggerWith(transport);
  for (const text of ['one', 'two', 'three']) {
    logger.info(text);
    expect(listeners()).toEqual(before.map((count) => count + 1));
    await transport.flush(Infinity);
    await untilIdle(transport);
    expect(listeners()).toEqual(before);
  }
  expect(cluster.values(TOPIC)).toEqual(['one', 'two', 'three']);
});

it('one with a spool keeps them: what another process has left there is sent before the end', async () => {
  const cluster = await startCluster();
  const before = listeners();
  const directory = mkdtempSync(join(tmpdir(), 'idle-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const transport = transportTo(cluster, { idleTimeoutMs: 1, spool: { directory } });
  loggerWith(transport).info('one');
  await transport.flush(Infinity);
  await untilIdle(transport);
  expect(listeners()).toEqual(before.map((count) => count + 1));
  await transport.close();
  expect(listeners()).toEqual(before);
});
