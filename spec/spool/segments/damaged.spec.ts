// A spool whose files are not what they were: what is whole is sent, the rest is counted and told.
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import type { KafkaTransportError } from '../../../lib/index.ts';
import type { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { untilDown, warningsOf } from '../../scenarios/faults/rig.ts';
import { expectLaw, loggerWith, numbered, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { directoryOfSpec, filesIn } from '../rig.ts';

/** So many records, left on disk by a transport that is closed. */
async function leave(
  cluster: BrokerCluster,
  directory: string,
  messages: readonly string[],
): Promise<string> {
  await cluster.down();
  const transport = transportTo(cluster, { spool: { directory }, closeTimeoutMs: 10 });
  const logger = loggerWith(transport);
  for (const message of messages) logger.info(message);
  await transport.close();
  await cluster.up();
  const [file] = filesIn(directory);
  return file ?? '';
}

function codesOf(warnings: readonly KafkaTransportError[]): string[] {
  return warnings.map(({ code }) => code);
}

it('a damaged stretch costs one count as invalid, and the rest arrives', async () => {
  const directory = directoryOfSpec();
  const cluster = await startCluster();
  const file = await leave(cluster, directory, numbered(100));
  const bytes = readFileSync(file);
  const at = bytes.indexOf('record 50');
  bytes.write('RECORD', at);
  writeFileSync(file, bytes);
  truncateSync(file, bytes.length - 3);
  const transport = transportTo(cluster, { spool: { directory }, dropNotice: false });
  const warnings = warningsOf(transport);
  loggerWith(transport).info('new');
  expect(await transport.flush(Infinity)).toEqual({ delivered: 99, dropped: 2, pending: 0 });
  expect(cluster.values(TOPIC)).toEqual([...numbered(99).filter((text) => text !== 'record 50'), 'new']);
  expect(transport.stats().dropped.invalid).toBe(2);
  expect(codesOf(warnings)).toEqual(['ERR_SPOOL_DAMAGED']);
  expectLaw(transport);
  expect(filesIn(directory)).toEqual([]);
});

it.each<[string, (file: string) => void]>([
  ['is gone', (file) => rmSync(file)],
  ['has lost its end', (file) => truncateSync(file, readFileSync(file).length >> 1)],
  ['is empty', (file) => truncateSync(file, 0)],
])('a file that %s while its records wait: they are counted, and the law holds', async (_, spoil) => {
  const directory = directoryOfSpec();
  const cluster = await startCluster();
  await cluster.down();
  const transport = transportTo(cluster, {
    spool: { directory },
    buffer: { maxRecords: 10 },
    dropNotice: false,
  });
  const warnings = warningsOf(transport);
  const logger = loggerWith(transport);
  for (const message of numbered(100)) logger.info(message);
  await untilDown(transport);
  const [file] = filesIn(directory);
  spoil(file ?? '');
  await cluster.up();
  const { delivered, dropped, pending } = await transport.flush(Infinity);
  expect({ sum: delivered + dropped, pending }).toEqual({ sum: 100, pending: 0 });
  expect(cluster.values(TOPIC)).toEqual(numbered(delivered));
  expect(transport.stats().dropped.invalid).toBe(dropped);
  expect(dropped).toBeGreaterThan(40);
  expect(codesOf(warnings)).toContain('ERR_SPOOL_DAMAGED');
  expectLaw(transport);
  logger.info('record after');
  await transport.flush(Infinity);
  expect(cluster.values(TOPIC).at(-1)).toBe('record after');
});

it('a directory that is taken away while records are written to it: they go to a new one', async () => {
  const directory = directoryOfSpec();
  const cluster = await startCluster();
  await cluster.down();
  const transport = transportTo(cluster, {
    spool: { directory },
    buffer: { maxRecords: 10 },
    dropNotice: false,
  });
  const logger = loggerWith(transport);
  for (const message of numbered(20)) logger.info(message);
  await untilDown(transport);
  rmSync(dirname(directory), { recursive: true });
  for (const message of numbered(20, 'later')) logger.info(message);
  expectLaw(transport);
  await cluster.up();
  const { delivered, dropped, pending } = await transport.flush(Infinity);
  expect({ sum: delivered + dropped, pending }).toEqual({ sum: 40, pending: 0 });
  // The ten that were in memory are there; of those on disk, none that was written before.
  expect(cluster.values(TOPIC).slice(0, 10)).toEqual(numbered(10));
  expect(cluster.values(TOPIC).at(-1)).toBe('later 19');
  expectLaw(transport);
});
