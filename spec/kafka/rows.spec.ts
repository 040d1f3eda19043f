// The table of RESULTS.md: each row drives a real winston logger into a real Apache Kafka, while something goes wrong.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectLaw } from '../support/harness.ts';
import { RealCluster } from './support/real-cluster.ts';
import { type TableRow, writeResults } from './support/results.ts';
import { type Row, type RowOptions, runRow } from './support/row.ts';
import { textOf } from './support/traffic.ts';

const KILLS = 10;
const STEADY_RECORDS = 800_000;

let cluster: RealCluster;
const table: TableRow[] = [];

beforeAll(async () => {
  cluster = await RealCluster.prepare();
  await cluster.start();
});

afterAll(async () => {
  await writeResults(table);
  await cluster.stop();
});

/** A row of the table: nothing lost and nothing inverted in any, and no duplicate that `idempotent` rules out. */
function row(scenario: string, options: RowOptions, run: (row: Row) => Promise<void>): void {
  const entry: TableRow = { scenario, result: 'not run' };
  table.push(entry);
  it(scenario, async () => {
    entry.result = 'failed';
    const result = await runRow(cluster, scenario, options, run);
    entry.result = result;
    expect(result.lost).toBe(0);
    expect(result.outOfOrder).toBe(0);
    if (options.idempotent === true && result.reconnects === 0) expect(result.duplicates).toBe(0);
    expectLaw({ stats: () => result.stats });
  });
}

row('as fast as it goes', { rate: 100_000 }, async ({ traffic }) => {
  await traffic.upTo(STEADY_RECORDS);
});

for (const idempotent of [true, false]) {
  const suffix = idempotent ? ', idempotent' : '';

  row(`leader killed and restarted, ${KILLS} times${suffix}`, { idempotent }, async ({ traffic, topic }) => {
    traffic.start();
    for (let n = 0; n < KILLS; n++) {
      const leader = await cluster.leaderOf(topic, 0);
      await cluster.kill(leader);
      await cluster.start(leader);
      await cluster.settled(topic);
    }
  });

  row(`rolling restart of all three${suffix}`, { idempotent }, async ({ traffic, topic }) => {
    traffic.start();
    for (const id of [0, 1, 2]) {
      await cluster.term(id);
      await cluster.start(id);
      await cluster.settled(topic);
    }
  });

  row(`a broker frozen for 20 s${suffix}`, { idempotent }, async ({ traffic, topic }) => {
    traffic.start();
    const leader = await cluster.leaderOf(topic, 0);
    await delay(1_000);
    cluster.freeze(leader);
    await delay(20_000);
    cluster.thaw(leader);
    await cluster.settled(topic);
    await delay(1_000);
  });

  row(
    `network cut, half-open and slow${suffix}`,
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

row(
  'min.insync.replicas not met for a while',
  { topic: { config: { 'min.insync.replicas': '3' } } },
  async ({ traffic, topic }) => {
    traffic.start();
    await cluster.kill(1);
    await delay(10_000);
    await cluster.start(1);
    await cluster.settled(topic);
  },
);

row(
  'a small max.message.bytes, one record in 100 too large',
  {
    topic: { config: { 'max.message.bytes': '20000' } },
    text: (number) => (number % 100 === 7 ? `${number} ${'x'.repeat(30_000)}` : textOf(number)),
    transport: { dropNotice: false },
  },
  async ({ traffic }) => {
    await traffic.upTo(20_000);
  },
);

row('partitions added under traffic', {}, async ({ traffic, topic }) => {
  traffic.start();
  await delay(2_000);
  await cluster.admin((admin) =>
    admin.createPartitions({ topicPartitions: [{ topic, count: 6 }] }).then(() => undefined),
  );
  await delay(5_000);
});

row('topic deleted and made anew under traffic', {}, async ({ traffic, topic, transport, exempt }) => {
  await traffic.upTo(5_000);
  await transport.flush();
  // What Kafka had and has thrown away is not ours to lose.
  for (let number = 0; number < traffic.logged; number++) exempt.add(number);
  await cluster.admin((admin) => admin.deleteTopics({ topics: [topic] }));
  await delay(1_000);
  traffic.start();
  await delay(5_000);
  await cluster.createTopic(topic);
  await delay(3_000);
});

row('the whole cluster away for 60 s', { rate: 1_000 }, async ({ traffic, topic }) => {
  traffic.start();
  await delay(1_000);
  await cluster.kill();
  await delay(60_000);
  await cluster.start();
  await cluster.settled(topic);
});
