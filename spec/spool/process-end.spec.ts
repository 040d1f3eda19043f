// Processes that end before Kafka has their records, and the next one, which sends them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { KafkaTransport } from '../../lib/index.ts';
import { BrokerCluster } from '../../testing/broker/broker-cluster.ts';
import type { ProgramConfig } from '../scenarios/exits/fixtures/program-config.ts';
import { runProgram } from '../scenarios/exits/fixtures/run-program.ts';
import { loggerWith, numbered } from '../support/harness.ts';
import { filesIn } from './rig.ts';

let cluster: BrokerCluster;
let base: string;
let made = 0;

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'winston-kafkajs-spool-'));
  cluster = await BrokerCluster.start();
});

afterAll(async () => {
  rmSync(base, { recursive: true, force: true });
  await cluster.stop();
});

const NOBODY = ['127.0.0.1:1'];

/** A topic and a directory that several runs share. */
function shared(mode: 'overflow' | 'always') {
  const name = `spool-${made++}`;
  cluster.createTopic(name, 1);
  const directory = join(base, name);
  const run = (act: ProgramConfig['act'], config: Partial<ProgramConfig> = {}) =>
    runProgram(cluster, {
      act,
      topic: name,
      ...config,
      // Those that are to leave something do not try for long; the others have all the time it takes.
      options: {
        spool: { directory, mode },
        closeTimeoutMs: act === 'logs nothing' ? 20_000 : 300,
        ...config.options,
      },
    });
  return { topic: name, directory, run, arrived: () => cluster.values(name) };
}

const withCrash = [...numbered(100), 'uncaughtException: boom'];

describe('what Kafka has not got is sent by the next process, in order, once', { timeout: 40_000 }, () => {
  const endings: {
    act: ProgramConfig['act'];
    mode: 'overflow' | 'always';
    config?: Partial<ProgramConfig>;
    code: number | null;
    left: string[];
  }[] = [
    { act: 'calls process.exit()', mode: 'overflow', code: 0, left: numbered(3) },
    {
      act: 'calls process.exit()',
      mode: 'overflow',
      config: { brokers: NOBODY },
      code: 0,
      left: numbered(3),
    },
    { act: 'calls process.exit()', mode: 'always', code: 0, left: numbered(3) },
    { act: 'logs and ends', mode: 'overflow', config: { brokers: NOBODY }, code: 0, left: numbered(500) },
    {
      act: 'logs and ends',
      mode: 'overflow',
      config: { brokers: NOBODY, options: { buffer: { maxRecords: 100 } } },
      code: 0,
      left: numbered(500),
    },
    { act: 'throws in the turn of its last record', mode: 'overflow', code: 1, left: numbered(100) },
    {
      act: 'throws in the turn of its last record',
      mode: 'overflow',
      config: { brokers: NOBODY, handlers: 'handleExceptions' },
      code: 1,
      left: withCrash,
    },
    {
      act: 'throws in the turn of its last record',
      mode: 'always',
      config: { brokers: NOBODY, handlers: 'handleExceptions', options: { buffer: { maxRecords: 10 } } },
      code: 1,
      left: withCrash,
    },
    { act: 'is killed a moment after its last record', mode: 'always', code: null, left: numbered(300) },
    {
      act: 'is killed a moment after its last record',
      mode: 'always',
      config: { brokers: NOBODY, options: { buffer: { maxRecords: 100 } } },
      code: null,
      left: numbered(300),
    },
  ];
  it.concurrent.for(endings)(
    '$act ($mode, $config)',
    async ({ act, mode, config, code, left }, { expect }) => {
      const { directory, run } = shared(mode);
      const first = await run(act, config);
      expect({ code: first.code, values: first.values }).toEqual({ code, values: [] });
      // What is safe on disk is no loss: nothing is said of it.
      expect(first.stderr).not.toContain('the process ends');
      const second = await run('logs nothing');
      expect(second).toMatchObject({ code: 0, stderr: '', values: left });
      expect(filesIn(directory)).toEqual([]);
    },
  );
});

describe('a process that is killed while it replays', { timeout: 40_000 }, () => {
  it.concurrent.for(['overflow', 'always'] as const)(
    'leaves the rest to the next one (%s)',
    async (mode, { expect }) => {
      const { directory, run } = shared(mode);
      await run('logs and ends', { brokers: NOBODY });
      const second = await run('is killed when 100 records have been acknowledged', {
        options: { batch: { maxRecords: 10 } },
      });
      expect(second.code).toBe(null);
      expect(second.values.length).toBeGreaterThanOrEqual(100);
      expect(second.values.length).toBeLessThan(500);
      const third = await run('logs nothing');
      // All of them; what was acknowledged and not noted yet comes twice: of five sends under way one batch each at most.
      expect([...new Set(third.values)]).toEqual(numbered(500));
      expect(third.values.length).toBeLessThanOrEqual(500 + 20);
      expect(filesIn(directory)).toEqual([]);
    },
  );
});

it.concurrent('two processes on one directory: what is left is taken over by exactly one', {
  timeout: 40_000,
}, async ({ expect }) => {
  const { directory, run, arrived } = shared('overflow');
  await Promise.all([
    run('logs and ends', { brokers: NOBODY }),
    run('logs and ends', { brokers: NOBODY, options: { buffer: { maxRecords: 20 } } }),
  ]);
  const runs = await Promise.all(numbered(4).map(() => run('logs nothing')));
  for (const { code, stderr } of runs) expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(arrived().sort()).toEqual([...numbered(500), ...numbered(500)].sort());
  expect(filesIn(directory)).toEqual([]);
});

it.concurrent('what a closed transport has left is sent by another process while its own lives on', {
  timeout: 40_000,
}, async ({ expect }) => {
  const { directory, run, topic } = shared('overflow');
  const transport = new KafkaTransport({
    topic,
    kafka: { brokers: NOBODY },
    spool: { directory },
    closeTimeoutMs: 1,
    clientLog: { level: 'nothing' },
  });
  const logger = loggerWith(transport);
  for (const message of numbered(10)) logger.info(message);
  expect(await transport.close()).toMatchObject({ pending: 10 });
  expect((await run('logs nothing')).values).toEqual(numbered(10));
  expect(filesIn(directory)).toEqual([]);
});

it.concurrent('what the fallback had just got when the process was killed, the next one hands on again', {
  timeout: 40_000,
}, async ({ expect }) => {
  const { directory, run } = shared('always');
  // The notice of what was dropped would expire in its turn, where the process takes its time.
  const config = { brokers: NOBODY, options: { retry: { maxAgeMs: 1 }, dropNotice: false } };
  const first = await run('logs and ends', { ...config, fallback: 'kills the process' });
  expect(first.code).toBe(null);
  const second = await run('logs nothing', { ...config, fallback: 'prints' });
  expect(second.stdout.trim().split('\n')).toEqual(numbered(500, 'expired: record'));
  expect(filesIn(directory)).toEqual([]);
});
