// What stands between a client and the brokers: the network, quotas, rights.
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { allow, forbid, securedKafka } from '../support/rights.ts';
import type { Table } from './table.ts';

// Per broker: some 180 records a second where 2,000 are logged.
const QUOTA_BYTES = 50_000;

export function clientRows(table: Table): void {
  const { cluster } = table;

  for (const idempotent of [true, false]) {
    table.traffic(
      'network cut, half-open and slow',
      { idempotent, faultyNetwork: true, transport: { requestTimeoutMs: 2_000 } },
      async ({ traffic, network }) => {
        traffic.start();
        for (let n = 0; n < 5; n++) {
          await delay(500);
          network.cut();
          await delay(500);
          network.deafen();
          await delay(3_000);
          const speedUp = network.slow(200);
          await delay(1_000);
          speedUp();
        }
      },
    );
  }

  table.traffic(
    'throttled by a quota',
    { idempotent: true, needsOwnBrokers: true, kafka: { clientId: 'throttled' } },
    async ({ traffic, transport }) => {
      await cluster.limit('throttled', QUOTA_BYTES);
      traffic.start();
      await delay(15_000);
      traffic.stop();
      // Otherwise the quota has changed nothing.
      expect(transport.stats().buffered.records).toBeGreaterThan(5_000);
      await cluster.limit('throttled', undefined);
    },
  );

  table.traffic(
    'ACL withdrawn and given back',
    { needsOwnBrokers: true, transport: { dropNotice: false }, kafka: securedKafka(cluster) },
    async ({ traffic, topic, transport }) => {
      await allow(cluster, topic);
      traffic.start();
      await delay(2_000);
      await forbid(cluster, topic);
      await delay(4_000);
      await allow(cluster, topic);
      await delay(4_000);
      // Otherwise it was never refused.
      expect(transport.stats().dropped.rejected).toBeGreaterThan(100);
    },
  );
}
