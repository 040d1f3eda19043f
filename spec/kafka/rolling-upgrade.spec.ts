// A cluster that goes from Kafka 3.9 to 4.2 under traffic, one broker after the other: each speaks other versions of Produce.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectLaw } from '../support/harness.ts';
import { RealCluster } from './support/real-cluster.ts';
import { runRow } from './support/row.ts';

const [BEFORE, AFTER] = ['3.9.1', '4.2.0'] as const;

let cluster: RealCluster;

beforeAll(async () => {
  cluster = await RealCluster.prepare(3, BEFORE);
  await cluster.start();
});

afterAll(() => cluster.stop());

it(`loses nothing and keeps its order while brokers go from ${BEFORE} to ${AFTER}`, async () => {
  const result = await runRow(cluster, 'rolling upgrade', { idempotent: true, rate: 1_000 }, async (row) => {
    row.traffic.start();
    for (const id of [0, 1, 2]) {
      await delay(1_000);
      await cluster.upgrade(id, AFTER);
      await cluster.settled(row.topic);
    }
    await delay(1_000);
  });
  const { lost, outOfOrder, handedOn, duplicates, records, stats } = result;
  expect({ lost, outOfOrder, handedOn, path: stats.path }).toEqual({
    lost: 0,
    outOfOrder: 0,
    handedOn: 0,
    path: 'fast',
  });
  if (result.reconnects === 0) expect(duplicates).toBe(0);
  expect(records).toBeGreaterThan(3_000);
  expectLaw({ stats: () => stats });
});
