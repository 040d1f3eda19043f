// What was sent to a partition without an answer goes there again, also when another process sends it: elsewhere it
// would come after younger records that had been sent at the same time, and have arrived.
import { cpSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { FlushReport, KafkaTransport, KafkaTransportOptions } from '../../lib/index.ts';
import { partitionOfKey } from '../../lib/protocol/murmur2.ts';
import { type BrokerCluster, ERROR } from '../../testing/broker/broker-cluster.ts';
import { expectAtLeastOnce, turn } from '../scenarios/faults/rig.ts';
import { loggerWith, numbered, startCluster, TOPIC, transportTo } from '../support/harness.ts';
import { directoryOfSpec, filesIn } from './rig.ts';

const PARTITIONS = 5;
const BATCH = 10;

/** @returns the directory that the next process finds */
type StreamEnd = (transport: KafkaTransport, directory: string) => Promise<string>;

const closed: StreamEnd = async (transport, directory) => {
  await transport.close();
  return directory;
};

/** As a process that is killed leaves its files, under the name of a process that is gone. */
const killed: StreamEnd = async (transport, directory) => {
  const copy = directoryOfSpec();
  cpSync(directory, copy, { recursive: true });
  for (const name of readdirSync(copy)) {
    const [where, pid, , rest] = name.split('-');
    renameSync(join(copy, name), join(copy, [where, pid, 1, rest].join('-')));
  }
  await transport.close();
  return copy;
};

/** What becomes of all that is in the directory when the next transport sends it. */
async function replay(cluster: BrokerCluster, options: Partial<KafkaTransportOptions>): Promise<FlushReport> {
  return await transportTo(cluster, { ...options, closeTimeoutMs: 5_000 }).flush(10_000);
}

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
  expect(await replay(cluster, { ...options, spool: { directory: left, mode } })).toEqual({
    delivered: PARTITIONS * BATCH,
    dropped: 0,
    pending: 0,
  });
  expectAtLeastOnce(cluster, PARTITIONS * BATCH + 1);
  expect(filesIn(left)).toEqual([]);
});

it.each([
  ['overflow', 'closed', closed],
  ['always', 'killed', killed],
] as const)("also when its key has another one by then ('%s', %s)", async (mode, _, end) => {
  const directory = directoryOfSpec();
  const cluster = await startCluster({ topics: { [TOPIC]: 2 } });
  const keys = numbered(100, 'key');
  // It moves to a partition that is new, and the other one is at work meanwhile.
  const moving =
    keys.find((key) => partitionOfKey(key, 2) === 0 && partitionOfKey(key, PARTITIONS) > 1) ?? '';
  const other = keys.find((key) => partitionOfKey(key, 2) === 1) ?? '';
  const options = {
    key: ({ message }: { message: string }) => (message.startsWith('other') ? other : moving),
    spool: { directory, mode },
    closeTimeoutMs: 20,
  };
  const first = transportTo(cluster, options);
  const logger = loggerWith(first);
  logger.info('record 0');
  await first.flush(10_000);
  cluster.inject({ api: 'Produce', action: { silent: 'before-store' } });
  const before = cluster.requests.Produce;
  logger.info('record 1');
  await cluster.until(() => cluster.requests.Produce > before);
  cluster.addPartitions(TOPIC, PARTITIONS);
  // The client looks for the partitions again.
  cluster.inject({ api: 'Produce', action: { error: ERROR.NOT_LEADER_OR_FOLLOWER } });
  logger.info('other 0');
  await cluster.until(() => cluster.values(TOPIC).includes('other 0'));
  logger.info('record 2');
  await cluster.until(() => cluster.values(TOPIC).includes('record 2'));
  const left = await end(first, directory);
  const { pending } = await replay(cluster, { ...options, spool: { directory: left, mode } });
  expect(pending).toBe(0);
  // Some may have arrived, and not been acknowledged yet: they are there twice.
  const partitionsOf = (text: string) => {
    const found = cluster.records(TOPIC).filter(({ value }) => value.toString() === text);
    return [...new Set(found.map(({ partition }) => partition))];
  };
  expect(partitionsOf('record 1')).toEqual([0]);
  expect(partitionsOf('record 2')).toEqual([partitionOfKey(moving, PARTITIONS)]);
});
