import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { KafkaTransport } from '../../lib/index.ts';
import { loggerWith, numbered, startCluster, transportTo } from '../support/harness.ts';

async function untilChanged(transport: KafkaTransport, times: number): Promise<void> {
  while (transport.stats().stateChanges < times) await delay(5);
}

it('stats tell how often the state has changed and since when, and what memory holds of what it may', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster, {
    idleTimeoutMs: 1,
    buffer: { maxRecords: 50, maxBytes: 5_000 },
    closeTimeoutMs: 20,
  });
  const logger = loggerWith(transport);
  const before = Date.now();
  logger.info('record 0');
  // Up, and idle again.
  await untilChanged(transport, 2);
  await cluster.down();
  for (const message of numbered(10)) logger.info(message);
  await untilChanged(transport, 3);
  const down = transport.stats();
  expect(down).toMatchObject({
    state: 'down',
    stateChanges: 3,
    memory: { records: 10, bytes: 80, maxRecords: 50, maxBytes: 5_000 },
  });
  // What it hands out, anybody may write to.
  Object.assign(down.lastError ?? {}, { message: 'mine' });
  expect(transport.stats().lastError?.message).toContain('ECONNREFUSED');
  expect(down.stateSince).toBeGreaterThanOrEqual(before);
  expect(down.stateSince).toBeLessThanOrEqual(Date.now());
  await transport.close();
  expect(transport.stats()).toMatchObject({
    state: 'closed',
    stateChanges: 4,
    memory: { records: 0, bytes: 0 },
  });
});

it('stats count what was taken in and acknowledged per second, also what could not even be read', async () => {
  const transport = transportTo(await startCluster(), { dropNotice: false });
  for (const message of numbered(20)) transport.log({ message });
  transport.log(null as never);
  await transport.flush(Infinity);
  // The seconds of both are over, then: whichever they were, they are in the window of both.
  const isCounted = ({ rates: { accepted, delivered } } = transport.stats()): boolean =>
    delivered > 0 && Math.abs(accepted / delivered - 21 / 20) < 1e-9;
  while (!isCounted()) await delay(20);
});

it('a transport that is opened again says so', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster);
  const logger = loggerWith(transport);
  logger.remove(transport);
  await transport.close();
  expect(transport.stats().state).toBe('closed');
  logger.add(transport);
  expect(transport.stats()).toMatchObject({ state: 'idle', stateChanges: 2 });
});
