// Topics that refuse records, change, go and come back.
import { setTimeout as delay } from 'node:timers/promises';
import { textOf } from '../support/traffic.ts';
import type { Table } from './table.ts';

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
