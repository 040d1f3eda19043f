import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runExample, SUCCESS } from './example.ts';
import { logged, ordersIn, startBroker, TOPIC, upTo } from './topic.ts';

function printed(stdout: string): unknown[] {
  const lines = stdout.trim().split('\n');
  return lines.map((line) => {
    const { category, level, order } = JSON.parse(line);
    return [category, level, order];
  });
}

it('winston.loggers send errors to Kafka, debug to the console only, and the audit to its own topic', async () => {
  const cluster = await startBroker({ topics: { [TOPIC]: 1, audit: 3 } });
  const program = await runExample('categories', { KAFKA_BROKERS: cluster.addresses[0] });
  expect(await program.exit, program.output).toEqual(SUCCESS);

  expect(printed(program.stdout)).toEqual(
    upTo(5).flatMap((order) => [
      ['orders', 'debug', order],
      ['orders', 'error', order],
    ]),
  );
  expect(logged(cluster).map(({ category, level }) => [category, level])).toEqual(
    upTo(5).map(() => ['orders', 'error']),
  );
  expect(ordersIn(cluster)).toEqual(upTo(5));

  const audit = cluster.records('audit').map(({ key, partition, value }) => ({
    key: String(key),
    partition,
    order: JSON.parse(String(value)).order,
  }));
  const of = (user: string): typeof audit => audit.filter(({ key }) => key === user);
  expect(of('ada').map(({ order }) => order)).toEqual([1, 3, 5]);
  expect(of('bob').map(({ order }) => order)).toEqual([2, 4]);
  for (const user of ['ada', 'bob']) expect(new Set(of(user).map(({ partition }) => partition)).size).toBe(1);
  expect(audit.length).toBe(5);
});

describe('a rotated file as fallback', () => {
  /** What is in the files, and the example's topic. */
  async function run(isUp: boolean): Promise<{ inFile: unknown[]; inKafka: number[] }> {
    const directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-fallback-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const cluster = await startBroker();
    if (!isUp) await cluster.down();
    const env = { KAFKA_BROKERS: cluster.addresses[0], LOG_DIRECTORY: directory };
    const program = await runExample('daily-rotate-fallback', env);
    expect(await program.exit, program.output).toEqual(SUCCESS);
    const files = readdirSync(directory).filter((name) => name.endsWith('.log'));
    const lines = files.flatMap((name) => readFileSync(join(directory, name), 'utf8').trim().split('\n'));
    const inFile = lines
      .filter((line) => line !== '')
      .map((line) => {
        const { message, reason, topic } = JSON.parse(line);
        return [JSON.parse(message).order, reason, topic];
      });
    return { inFile, inKafka: ordersIn(cluster) };
  }

  it('gets a record that is too large, and Kafka all the others', async () => {
    const { inFile, inKafka } = await run(true);
    expect(inFile).toEqual([[5, 'oversize', TOPIC]]);
    expect(inKafka).toEqual(upTo(10).filter((order) => order !== 5));
  });

  it('gets all that is left when the process ends without a broker', async () => {
    const { inFile, inKafka } = await run(false);
    expect(inFile).toEqual(upTo(10).map((order) => [order, 'closed', TOPIC]));
    expect(inKafka).toEqual([]);
  });
});

it('one transport writes to several topics, by level', async () => {
  const topics = { [TOPIC]: 1, 'app-errors': 1, 'app-warnings': 1 };
  const cluster = await startBroker({ topics });
  const program = await runExample('topics-by-level', { KAFKA_BROKERS: cluster.addresses[0] });
  expect(await program.exit, program.output).toEqual(SUCCESS);
  const seen = Object.keys(topics).map((topic) => [
    new Set(logged(cluster, topic).map(({ level }) => level)),
    ordersIn(cluster, topic),
  ]);
  expect(seen).toEqual([
    [new Set(['info']), [2, 5, 8]],
    [new Set(['error']), [3, 6, 9]],
    [new Set(['warn']), [1, 4, 7]],
  ]);
});
