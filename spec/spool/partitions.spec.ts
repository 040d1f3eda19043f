// What was sent to a partition without an answer goes there again, also when another process sends it: elsewhere it
// would come after younger records that had been sent at the same time, and have arrived.
import { cpSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { KafkaTransport } from '../../lib/index.ts';
import { expectAtLeastOnce, turn } from '../faults/rig.ts';
import { loggerWith, startCluster, TOPIC, transportTo } from '../support/harness.ts';
import { directoryOfSpec, filesIn } from './rig.ts';

const PARTITIONS = 5;
const BATCH = 10;

/** @returns the directory that the next process finds */
type Ending = (transport: KafkaTransport, directory: string) => Promise<string>;

const closed: Ending = async (transport, directory) => {
  await transport.close();
  return directory;
};

/** As a process that is killed leaves its files, under the name of a process that is gone. */
const killed: Ending = async (transport, directory) => {
  const copy = directoryOfSpec();
  cpSync(directory, copy, { recursive: true });
  for (const name of readdirSync(copy)) {
    const [where, pid, , rest] = name.split('-');
    renameSync(join(copy, name), join(copy, [where, pid, 1, rest].join('-')));
  }
  await transport.close();
  return copy;
};

it.each([
  ['overflow', 'closed', closed],
  ['always', 'closed', closed],
  ['always', 'killed', killed],
] as const)("the partition of an unanswered batch is kept ('%s', %s)", async (mode, _, end) => {
  const directory = directoryOfSpec();
  const cluster = await startCluster({ topics: { [TOPIC]: PARTITIONS } });
  const options = {
    spool: { directory, mode },
    batch: { maxRecords: BATCH, lingerMs: 1 },
    closeTimeoutMs: 20,
  };
  const first = transportTo(cluster, options);
  const logger = loggerWith(first);
  logger.info('record 0');
  // From now on it knows the partitions, and has a send under way to each of them.
  await first.flush(10_000);
  cluster.inject({ api: 'Produce', action: { silent: 'before-store' } });
  cluster.inject({ api: 'Produce', times: PARTITIONS - 1, action: { silent: 'after-store' } });
  const before = cluster.requests.Produce;
  for (let n = 1; n <= PARTITIONS * BATCH; n++) logger.info(`record ${n}`);
  while (cluster.requests.Produce < before + PARTITIONS) await turn();
  const left = await end(first, directory);
  const second = transportTo(cluster, {
    ...options,
    spool: { directory: left, mode },
    closeTimeoutMs: 5_000,
  });
  expect(await second.flush(10_000)).toEqual({ delivered: PARTITIONS * BATCH, dropped: 0, pending: 0 });
  expectAtLeastOnce(cluster, PARTITIONS * BATCH + 1);
  expect(filesIn(left)).toEqual([]);
});
