import { mkdtempSync, rmSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { SUCCESS, start } from './example.ts';
import { logged, startBroker, TOPIC, upTo } from './topic.ts';

/** Asks for a path on a connection of its own. @returns the process id of the worker that has answered */
async function ask(port: string, path: string): Promise<number> {
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    get({ host: 'localhost', port, path, agent: false }, resolve).on('error', reject),
  );
  return Number(await text(response));
}

it('clustered workers lose nothing when one of them is killed: another one sends what it has left in the spool', async () => {
  const spool = mkdtempSync(join(tmpdir(), 'winston-kafkajs-cluster-'));
  onTestFinished(() => rmSync(spool, { recursive: true, force: true }));
  const cluster = await startBroker();
  const program = await start('cluster', { KAFKA_BROKERS: cluster.addresses[0], SPOOL: spool, WORKERS: '3' });
  const [[, port = ''] = []] = await program.printed(/^listening (\d+)$/gm, 3);
  const answeredBy = new Map<number, number>();
  const place = async (from: number, to: number): Promise<void> => {
    for (let order = from; order <= to; order += 1) answeredBy.set(order, await ask(port, `/${order}`));
  };

  await place(1, 30);
  await cluster.down();
  await place(31, 60);
  const victim = answeredBy.get(60) ?? 0;
  // When the worker has answered once more, it has written to disk what it logged before.
  while ((await ask(port, '/')) !== victim);
  process.kill(victim, 'SIGKILL');
  await program.printed(/^listening \d+$/gm, 4);
  await place(61, 90);
  await cluster.up();
  await cluster.until(() => cluster.count(TOPIC) >= 90, 60_000);
  program.kill('SIGTERM');

  expect(await program.exit, program.output).toEqual(SUCCESS);
  const arrived = logged(cluster).map(({ order = 0, pid }) => ({ order, pid }));
  expect(arrived.map(({ order }) => order).sort((a, b) => a - b)).toEqual(upTo(90));
  // Each worker's records arrive in their order.
  const workers = new Set(answeredBy.values());
  expect(workers.size).toBe(4);
  for (const worker of workers) {
    const own = arrived.filter(({ pid }) => pid === worker).map(({ order }) => order);
    const answered = [...answeredBy].filter(([, pid]) => pid === worker).map(([order]) => order);
    expect(own).toEqual(answered);
  }
});
