import { type LogEntry, logLevel } from 'kafkajs';
import { expect, it } from 'vitest';
import { startCluster, TOPIC } from '../../support/harness.ts';
import { batchOf, outcomeOf, resultOf } from '../contract/rig.ts';
import { connected, sourceTo } from './rig.ts';

it('kafkajs does not log that its connections are cut while a client is renewed', async () => {
  const cluster = await startCluster();
  const lines: LogEntry[] = [];
  const source = sourceTo(
    { brokers: cluster.addresses },
    { logCreator: () => (entry) => lines.push(entry), logLevel: logLevel.INFO, idempotent: true },
  );
  const client = await connected(source);
  const silence = cluster.inject({ api: 'Produce', action: { silent: 'before-store' } });
  const batch = batchOf(TOPIC, ['a']);
  const unanswered = outcomeOf(client.send(batch));
  await cluster.until(() => silence.hits === 1);
  await client.renew?.();
  expect(await unanswered).toMatchObject({ error: expect.any(Error) });
  expect(lines.map(({ log }) => log.message)).toEqual([]);
  // As it does of others.
  await cluster.down();
  expect(await resultOf(client, batch)).toMatchObject({ kind: 'retry' });
  expect(lines.map(({ log }) => log.message).join()).toContain('ECONNREFUSED');
});
