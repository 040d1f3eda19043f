// `spool: { mode: 'overflow' }` against the stand-in: what memory cannot hold waits on disk, in its place in the order.
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import {
  expectExactlyOnce,
  expectFlushed,
  expectNoUnhandledRejection,
  turn,
  untilDown,
  warningsOf,
} from '../scenarios/faults/rig.ts';
import {
  droppedIn,
  expectLaw,
  loggerWith,
  numbered,
  startCluster,
  TOPIC,
  transportTo,
} from '../support/harness.ts';
import { directoryOfSpec, filesIn } from './rig.ts';

it.each([
  { mode: 'overflow', partitions: 1 },
  { mode: 'overflow', partitions: 3 },
  { mode: 'always', partitions: 3 },
] as const)(
  'an outage with a small memory loses nothing, and keeps the order: %o',
  async ({ mode, partitions }) => {
    expectNoUnhandledRejection();
    const directory = directoryOfSpec();
    const cluster = await startCluster({ topics: { [TOPIC]: partitions } });
    await cluster.down();
    const transport = transportTo(cluster, { spool: { directory, mode }, buffer: { maxRecords: 100 } });
    const logger = loggerWith(transport);
    const messages = numbered(5_000);
    for (const message of messages.slice(0, 2_500)) logger.info(message);
    await untilDown(transport);
    for (const message of messages.slice(2_500)) {
      logger.info(message);
      if (message.endsWith('00')) await turn();
      expectLaw(transport);
    }
    // Those in memory are on disk, too, with 'always'; but only the others are counted.
    expect(transport.stats()).toMatchObject({
      accepted: 5_000,
      spooled: 4_900,
      replayed: 0,
      buffered: { records: 100 },
    });
    await cluster.up();
    await expectFlushed(transport, 5_000);
    expectExactlyOnce(cluster, 5_000);
    expect(transport.stats()).toMatchObject({ spooled: 4_900, replayed: 4_900 });
    expect(filesIn(directory)).toEqual([]);
  },
);

it('what is left at close() is replayed by the next transport, and by the same one when it is opened again', async () => {
  const directory = directoryOfSpec();
  const cluster = await startCluster();
  await cluster.down();
  const options = { spool: { directory }, closeTimeoutMs: 50, buffer: { maxRecords: 10 } };
  const first = transportTo(cluster, options);
  const logger = loggerWith(first);
  for (const message of numbered(30)) logger.info(message);
  expect(await first.close()).toEqual({ delivered: 0, dropped: 0, pending: 30 });
  expect(first.stats()).toMatchObject({ accepted: 30, spooled: 30, replayed: 0, state: 'closed' });
  expectLaw(first);
  expect(filesIn(directory)).not.toEqual([]);
  // Removed and added, it takes over what it has left.
  logger.remove(first);
  logger.add(first);
  logger.info('record 30');
  await cluster.up();
  await first.flush(10_000);
  expect(cluster.values(TOPIC)).toEqual(numbered(31));
  expectLaw(first);
  await first.close();
  expect(filesIn(directory)).toEqual([]);
});

it('the next transport sends what the one before has left, before what is new', async () => {
  const directory = directoryOfSpec();
  const cluster = await startCluster();
  await cluster.down();
  const options = { spool: { directory }, closeTimeoutMs: 50 };
  const first = transportTo(cluster, options);
  loggerWith(first).info('old');
  for (const message of numbered(100)) loggerWith(first).info(message);
  await first.close();
  await cluster.up();
  const second = transportTo(cluster, options);
  loggerWith(second).info('new');
  expect(await second.flush(10_000)).toEqual({ delivered: 102, dropped: 0, pending: 0 });
  expect(cluster.values(TOPIC)).toEqual(['old', ...numbered(100), 'new']);
  expect(second.stats()).toMatchObject({ accepted: 102, spooled: 102, replayed: 102 });
});

it('only its owner may read what is on disk', async () => {
  const directory = directoryOfSpec();
  const cluster = await startCluster();
  await cluster.down();
  const transport = transportTo(cluster, { spool: { directory, mode: 'always' }, buffer: { maxRecords: 2 } });
  const logger = loggerWith(transport);
  for (const message of numbered(10)) logger.info(message);
  await turn();
  const files = filesIn(directory);
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) expect(statSync(file).mode & 0o777).toBe(0o600);
  for (const path of [directory, ...files.map(dirname)]) expect(statSync(path).mode & 0o777).toBe(0o700);
  await cluster.up();
  await transport.flush(Infinity);
});

it('maxBytes holds; then the newest are dropped, and counted', async () => {
  const directory = directoryOfSpec();
  const cluster = await startCluster();
  await cluster.down();
  const maxBytes = 50_000;
  const transport = transportTo(cluster, {
    spool: { directory, maxBytes },
    buffer: { maxRecords: 10 },
    dropNotice: false,
  });
  const warnings = warningsOf(transport);
  const logger = loggerWith(transport);
  for (const message of numbered(2_000)) logger.info(message);
  await untilDown(transport);
  const { spooled, dropped } = transport.stats();
  expect(spooled).toBeGreaterThan(100);
  expect(dropped.overflow).toBe(1_990 - spooled);
  expectLaw(transport);
  const size = filesIn(directory).reduce((sum, file) => sum + statSync(file).size, 0);
  expect(size).toBeLessThanOrEqual(maxBytes);
  expect(warnings.map(({ code }) => code)).toContain('ERR_SPOOL_FAILED');
  await cluster.up();
  await transport.flush(Infinity);
  // The oldest, without a gap.
  expect(cluster.values(TOPIC)).toEqual(numbered(10 + spooled));
});

it('a directory that cannot be used is told once, and logging goes on in memory', async () => {
  const directory = directoryOfSpec();
  mkdirSync(dirname(directory), { recursive: true });
  writeFileSync(directory, 'a file');
  const cluster = await startCluster();
  await cluster.down();
  for (const mode of ['overflow', 'always'] as const) {
    const transport = transportTo(cluster, {
      spool: { directory, mode },
      buffer: { maxRecords: 10 },
      dropNotice: false,
    });
    const warnings = warningsOf(transport);
    const logger = loggerWith(transport);
    for (const message of numbered(30)) logger.info(message);
    await untilDown(transport);
    expect(transport.stats()).toMatchObject({ accepted: 30, spooled: 0, buffered: { records: 10 } });
    expect(droppedIn(transport.stats())).toBe(20);
    expect(warnings.filter(({ code }) => code === 'ERR_SPOOL_FAILED').length).toBe(1);
    expect(warnings[0]?.message).toContain(join(directory));
    await cluster.up();
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC).slice(-10)).toEqual(numbered(30).slice(20));
    await cluster.down();
  }
});
