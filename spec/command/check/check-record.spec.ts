// What writing a record, and reading it back, can tell.
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { KafkaInspector } from '../../../lib/clients/kafkajs/inspector.ts';
import { checkRecord } from '../../../lib/command/check/check-record.ts';
import { type BrokerCluster, ERROR } from '../../../testing/broker/broker-cluster.ts';
import { startCluster } from '../rig.ts';
import { failureOf, keptSteps, refused, told } from './rig.ts';

const GROUP_AUTHORIZATION_FAILED = 30;
const NOW = 1_700_000_000_000;

type Write = KafkaInspector['write'];

/** @param answer in place of the real one */
async function checked(cluster: BrokerCluster, answer?: (real: Write) => Write, kept = keptSteps()) {
  const kafka = { brokers: cluster.addresses };
  const real = new KafkaInspector(kafka, 0);
  onTestFinished(() => real.close());
  await real.connect();
  const [, partition] = await real.partitions('logs');
  if (partition === undefined) throw new Error('there are two of them');
  const write: Write = (...args) => real.write(...args);
  const inspector = told({ answered: real.answered, write: answer?.(write) ?? write });
  const { steps, said } = kept;
  const failure = await failureOf(
    checkRecord(steps, { kafka, inspector, topic: 'logs', partition, now: () => NOW }),
  );
  return { said: said(), failure };
}

it('a record is written to the partition, with this machine’s time, and read back', async () => {
  const cluster = await startCluster();
  for (const _ of ['one', 'two']) await checked(cluster);
  const { said, failure } = await checked(cluster);
  expect([failure, ...said]).toEqual([
    'none',
    expect.stringMatching(
      /^ok write: a record of \d+ bytes in partition 1, acknowledged after \d+ ms \(Produce v7\)$/,
    ),
    "ok clock: the broker takes this machine's time",
    expect.stringMatching(/^ok read back: offset 2, \d+ ms after it was sent$/),
  ]);
  const [record] = cluster.records('logs');
  expect(record).toMatchObject({ partition: 1, timestamp: NOW });
  expect(JSON.parse(String(record?.value))).toEqual({
    level: 'info',
    message: 'winston-kafkajs check: a test record, which can be ignored',
    id: `${process.pid}-${NOW}`,
  });
  expect(said[0]).toContain(`${record?.value.length} bytes`);
});

it('another record that comes meanwhile is not taken for it', async () => {
  const cluster = await startCluster();
  const { said } = await checked(cluster, (write) => async (topic, partition, value, time) => {
    await write(topic, partition, 'another', time);
    return await write(topic, partition, value, time);
  });
  expect(said.at(-1)).toMatch(/^ok read back: offset 1, /);
});

describe('a broker that sets the time itself', () => {
  it.each([
    [5_000, "ok clock: this machine's is 5000 ms behind the broker's"],
    [-5_000, "ok clock: this machine's is 5000 ms ahead of the broker's"],
    [0, "ok clock: this machine's is 0 ms ahead of the broker's"],
    [
      5_001,
      "warning clock: this machine's is 5001 ms behind the broker's | Set the clocks of this machine and",
    ],
    [-5_001, "warning clock: this machine's is 5001 ms ahead of the broker's | Set the clocks"],
  ])('and is %i ms ahead', async (ahead, step) => {
    const cluster = await startCluster();
    const { said } = await checked(cluster, (write) => async (...args) => {
      await write(...args);
      return NOW + ahead;
    });
    expect(said[1]?.startsWith(step)).toBe(true);
  });
});

it.each([
  ['TOPIC_AUTHORIZATION_FAILED', 'write', 'Give this user the Write right (ACL) for the topic logs.'],
  ['CLUSTER_AUTHORIZATION_FAILED', 'write', 'Give this user the Write right (ACL)'],
  ['INVALID_TIMESTAMP', 'clock', "The broker refuses a record with this machine's time. Set the clocks"],
  ['NOT_ENOUGH_REPLICAS', 'in-sync replicas', 'The broker refuses records until there are enough'],
  [
    'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
    'in-sync replicas',
    'The broker refuses records until there are enough',
  ],
  ['MESSAGE_TOO_LARGE', 'size limit', 'Raise max.message.bytes of the topic'],
  ['INVALID_RECORD', 'write', 'Is the topic compacted'],
  ['KAFKA_STORAGE_ERROR', 'write', "Look into the broker's log for the reason."],
])('a write that is refused for %s is a failure of the step "%s"', async (type, step, advice) => {
  const { said, failure } = await checked(await startCluster(), () => async () => {
    throw refused(type);
  });
  expect(said).toEqual([]);
  expect(failure.startsWith(`${step}: refused: ${type} | ${advice}`)).toBe(true);
});

it('each step has its limit: what has to do with a group may take longer', async () => {
  const kept = keptSteps();
  const limited = vi.spyOn(kept.steps, 'within');
  await checked(await startCluster(), undefined, kept);
  expect(limited.mock.calls.map(([what, , ms]) => [what, ms])).toEqual([
    ['connecting', 15_000],
    ['asking for offsets', 15_000],
    ['joining a group', 15_000],
    ['waiting for the acknowledgement', undefined],
    ['reading the record', 15_000],
  ]);
});

it('a broker that has no coordinator for the group yet is asked again', async () => {
  const cluster = await startCluster();
  cluster.inject({ api: 'FindCoordinator', times: 2, action: { error: ERROR.COORDINATOR_NOT_AVAILABLE } });
  const { said } = await checked(cluster);
  expect(said.at(-1)).toMatch(/^ok read back/);
});

it('was ended by a read that failed before the record was written', async () => {
  const cluster = await startCluster();
  const refusal = cluster.inject({ api: 'Fetch', action: { error: ERROR.TOPIC_AUTHORIZATION_FAILED } });
  const { said } = await checked(cluster, (write) => async (...args) => {
    await cluster.until(() => refusal.hits === 1 && cluster.requests.LeaveGroup === 1);
    return await write(...args);
  });
  expect(said.at(-1)).toMatch(/^warning read back: .*authoriz/i);
});

it('where it cannot be read back, that is a warning: the transport does not read', async () => {
  const cluster = await startCluster();
  cluster.inject({
    api: 'JoinGroup',
    times: Number.POSITIVE_INFINITY,
    action: { error: GROUP_AUTHORIZATION_FAILED },
  });
  const { said, failure } = await checked(cluster);
  expect([failure, said.at(-1)]).toEqual([
    'none',
    expect.stringMatching(
      /^warning read back: .*authoriz.* \| The transport does not read, so this is no obstacle\./i,
    ),
  ]);
  expect(cluster.count('logs')).toBe(1);
});

it('leaves no connection behind', async () => {
  const cluster = await startCluster();
  const { failure } = await checked(cluster, () => async () => {
    throw refused('MESSAGE_TOO_LARGE');
  });
  expect(failure).toMatch('size limit');
  // That of the inspector, which is closed by who has made it.
  await cluster.until(() => cluster.connections <= 1);
});
