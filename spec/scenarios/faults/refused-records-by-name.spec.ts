// From Produce 8 on a broker says which records of a batch it refuses: only these are dropped, and the others go again at once.
import { expect, it } from 'vitest';
import type { KafkaTransportOptions } from '../../../lib/index.ts';
import { ERROR } from '../../../testing/broker/broker-cluster.ts';
import { expectLaw, loggerWith, numbered, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { expectNoUnhandledRejection, numberOf } from './rig.ts';

const RECORDS = 500;

/** How many sends a topic takes that refuses each record which `isPoison` says. */
async function sendsWith(
  isPoison: (n: number) => boolean,
  options: Partial<KafkaTransportOptions> = {},
): Promise<number> {
  const cluster = await startCluster();
  cluster.configureTopic(TOPIC, {
    refuses: (record) => (isPoison(numberOf(record)) ? ERROR.INVALID_RECORD : undefined),
  });
  const undelivered: string[] = [];
  const transport = transportTo(cluster, {
    batch: { maxRecords: RECORDS, lingerMs: 5 },
    dropNotice: false,
    fallback: ({ message, reason }) => undelivered.push(`${reason}: ${message}`),
    ...options,
  });
  expectNoUnhandledRejection();
  const logger = loggerWith(transport);
  const texts = numbered(RECORDS);
  for (const text of texts) logger.info(text);
  const poison = texts.filter((_, n) => isPoison(n));
  expect(await transport.flush(20_000)).toEqual({
    delivered: RECORDS - poison.length,
    dropped: poison.length,
    pending: 0,
  });
  expect(cluster.values(TOPIC)).toEqual(texts.filter((_, n) => !isPoison(n)));
  expect(undelivered).toEqual(poison.map((text) => `rejected: ${text}`));
  expectLaw(transport);
  return transport.stats().sends;
}

it.each([
  ['the first', 0],
  ['one in the middle', 217],
  ['the last', RECORDS - 1],
])('one in 500 takes one more send: %s', async (_name, poison) => {
  expect(await sendsWith((n) => n === poison)).toBe(2);
});

it('a hundred in 500 take one more send', async () => {
  expect(await sendsWith((n) => n % 5 === 3)).toBe(2);
});

it('where all are refused, none is sent again', async () => {
  expect(await sendsWith(() => true)).toBe(1);
});

it('the same for an idempotent producer', async () => {
  expect(await sendsWith((n) => n % 100 === 7, { idempotent: true })).toBe(2);
});

it('the same with keys and headers', async () => {
  const options = { key: () => 'one key', headers: () => ({ own: 'header' }) };
  expect(await sendsWith((n) => n === 400, options)).toBe(2);
});

it("kafkajs's own request does not hear of them: they are found by halves", async () => {
  expect(await sendsWith((n) => n === 217, { fastPath: false })).toBeGreaterThan(5);
});
