// Found on a real Kafka: one partition of a topic without a leader, and not one of 50 records arrived in the others either.
import { expect, it } from 'vitest';
import { ERROR } from '../../../testing/broker/broker-cluster.ts';
import { expectLaw, loggerWith, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { expectExactlyOnce, expectFlushed, numberOf } from './rig.ts';

const LEADERLESS = 1;

/** Two partitions of three have a leader. */
async function startLeaderless() {
  const cluster = await startCluster({ topics: { [TOPIC]: 3 } });
  const action = { error: ERROR.LEADER_NOT_AVAILABLE, partitions: [LEADERLESS] };
  return { cluster, fault: cluster.inject({ api: 'Metadata', topic: TOPIC, times: Infinity, action }) };
}

it.each([
  { what: 'a transport', options: {} },
  { what: 'an idempotent one', options: { idempotent: true } },
  { what: 'one without the fast path', options: { fastPath: false } },
])('the records without key of $what that starts then go to the others', async ({ options }) => {
  const { cluster } = await startLeaderless();
  const transport = transportTo(cluster, options);
  const logger = loggerWith(transport);
  for (let at = 0; at < 2_000; at++) logger.info(`record ${at}`);
  await expectFlushed(transport, 2_000);
  expectExactlyOnce(cluster, 2_000);
  expect(cluster.records(TOPIC).filter(({ partition }) => partition === LEADERLESS)).toEqual([]);
});

it('records of its keys wait for it, and no others do', async () => {
  const { cluster, fault } = await startLeaderless();
  const transport = transportTo(cluster, {
    key: ({ message }) => `key ${Number(message.split(' ')[1]) % 30}`,
    retry: { initialMs: 1, maxMs: 10 },
  });
  const logger = loggerWith(transport);
  for (let at = 0; at < 600; at++) logger.info(`record ${at}`);
  // Which keys are whose is known from those that arrive later: all of the others are there by now.
  await transport.flush(2_000);
  const before = cluster.records(TOPIC).map(numberOf);
  expect(before.length).toBeGreaterThan(0);
  expectLaw(transport);
  fault.remove();
  await expectFlushed(transport, 600);
  expectExactlyOnce(cluster, 600);
  const late = cluster.records(TOPIC).filter((record) => !before.includes(numberOf(record)));
  expect(new Set(late.map(({ partition }) => partition))).toEqual(new Set([LEADERLESS]));
  expect(cluster.records(TOPIC).filter(({ partition }) => partition === LEADERLESS).length).toBe(late.length);
});
