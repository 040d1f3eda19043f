// Topics that refuse records, change, go and come back.
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { textOf } from '../support/traffic.ts';
import type { Table } from './table.ts';

const HOUR_MS = 3_600_000;

export function topicRows(table: Table): void {
  const { cluster } = table;

  for (const idempotent of [true, false]) {
    table.traffic(
      'a small max.message.bytes, one record in 100 too large',
      {
        idempotent,
        topic: { config: { 'max.message.bytes': '20000' } },
        text: (number) => (number % 100 === 7 ? `${number} ${'x'.repeat(30_000)}` : textOf(number)),
        transport: { dropNotice: false },
      },
      async ({ traffic }) => {
        await traffic.upTo(20_000);
      },
    );

    table.traffic('partitions added under traffic', { idempotent }, async ({ traffic, topic }) => {
      traffic.start();
      await delay(2_000);
      await cluster.admin((admin) =>
        admin.createPartitions({ topicPartitions: [{ topic, count: 6 }] }).then(() => undefined),
      );
      await delay(5_000);
    });
  }

  // Two hours old by the clock of the log call alone: with a clock that is wrong at the send, too, there is no right time.
  const { now } = Date;
  table.traffic(
    'message.timestamp.before.max.ms of an hour, the first 5,000 records two hours old',
    {
      topic: { config: { 'message.timestamp.before.max.ms': String(HOUR_MS) } },
      text: (number) => {
        if (number < 5_000) Date.now = () => now() - 2 * HOUR_MS;
        return textOf(number);
      },
      transport: {
        headers: () => {
          Date.now = now;
          return undefined;
        },
      },
    },
    async ({ traffic, transport }) => {
      await traffic.upTo(10_000);
      await transport.flush();
      expect(transport.stats()).toMatchObject({ delivered: 10_000, retimed: 5_000 });
    },
  );

  table.traffic(
    'a compacted topic, one record in ten without key',
    {
      topic: { config: { 'cleanup.policy': 'compact' } },
      transport: {
        key: ({ message }) => {
          const number = Number.parseInt(message, 10);
          return number % 10 === 0 ? null : `key ${number % 7}`;
        },
        dropNotice: false,
      },
    },
    async ({ traffic, transport }) => {
      await traffic.upTo(5_000);
      await transport.flush();
      expect(transport.stats()).toMatchObject({ delivered: 4_500, dropped: { rejected: 500 } });
    },
  );

  table.traffic(
    'topic deleted and made anew under traffic',
    {},
    async ({ traffic, topic, transport, exempt }) => {
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
    },
  );
}
