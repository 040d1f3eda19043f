// Brokers that die, restart, freeze and are away.
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Table } from './table.ts';

const KILLS = 10;
const STEADY_RECORDS = 800_000;
const AWAY_MS = 60_000;
const MEMORY_RECORDS = 1_000;

export function brokerRows(table: Table): void {
  const { cluster } = table;

  table.traffic('as fast as it goes', { rate: 100_000 }, async ({ traffic }) => {
    await traffic.upTo(STEADY_RECORDS);
  });

  for (const idempotent of [true, false]) {
    const options = { idempotent, needsOwnBrokers: true };

    table.traffic(`leader killed and restarted, ${KILLS} times`, options, async ({ traffic, topic }) => {
      traffic.start();
      for (let n = 0; n < KILLS; n++) {
        const leader = await cluster.leaderOf(topic, 0);
        await cluster.kill(leader);
        await cluster.start(leader);
        await cluster.settled(topic);
      }
    });

    table.traffic('rolling restart of all three', options, async ({ traffic, topic }) => {
      traffic.start();
      for (const id of [0, 1, 2]) {
        await cluster.term(id);
        await cluster.start(id);
        await cluster.settled(topic);
      }
    });

    table.traffic('a broker frozen for 20 s', options, async ({ traffic, topic }) => {
      traffic.start();
      const leader = await cluster.leaderOf(topic, 0);
      await delay(1_000);
      cluster.freeze(leader);
      await delay(20_000);
      cluster.thaw(leader);
      await cluster.settled(topic);
      await delay(1_000);
    });

    table.traffic('started before the cluster', options, async ({ traffic, topic }) => {
      await cluster.kill();
      traffic.start();
      await delay(5_000);
      await cluster.start();
      await cluster.settled(topic);
    });

    table.traffic(
      'min.insync.replicas not met for a while',
      { ...options, topic: { config: { 'min.insync.replicas': '3' } } },
      async ({ traffic, topic }) => {
        traffic.start();
        await cluster.kill(1);
        await delay(10_000);
        await cluster.start(1);
        await cluster.settled(topic);
      },
    );
  }

  table.traffic(
    'the whole cluster away for 60 s, memory for 1,000 records, spool',
    {
      needsOwnBrokers: true,
      rate: 1_000,
      spool: 'overflow',
      transport: { buffer: { maxRecords: MEMORY_RECORDS } },
    },
    async ({ traffic, topic, transport }) => {
      traffic.start();
      await delay(1_000);
      await cluster.kill();
      await delay(AWAY_MS);
      await cluster.start();
      await cluster.settled(topic);
      // Otherwise memory would have done.
      expect(transport.stats().spooled).toBeGreaterThan(10 * MEMORY_RECORDS);
    },
  );
}
