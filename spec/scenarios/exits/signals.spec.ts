// SIGTERM ended a process at once: nothing in Kafka, in the spool or the fallback, and nothing on stderr.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { bundleOf } from '../../support/bundles.ts';
import { type ChildOptions, runChild } from '../../support/child-process.ts';
import { numbered } from '../../support/harness.ts';
import type { SignalProgram } from './fixtures/signal-program.ts';

const NOBODY = ['127.0.0.1:1'];

let brokers: BrokerCluster;
let base: string;
/** A second copy of the package. */
let copy: string;
let made = 0;

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'winston-kafkajs-signals-'));
  brokers = await BrokerCluster.start();
  copy = (await bundleOf(new URL('../../../lib/index.ts', import.meta.url), 'cjs')) ?? '';
});

afterAll(async () => {
  rmSync(base, { recursive: true, force: true });
  await brokers.stop();
});

function newTopic(): string {
  const topic = `signals-${made++}`;
  brokers.createTopic(topic, 1);
  return topic;
}

async function run(
  scenario: SignalProgram['scenario'],
  config: Partial<SignalProgram> = {},
  options: ChildOptions = {},
) {
  const topic = config.topic ?? newTopic();
  const program = { signal: 'SIGTERM', brokers: brokers.addresses, copy, ...config, scenario, topic };
  const result = await runChild(new URL('./fixtures/signal-program.ts', import.meta.url), {
    ...options,
    env: { PROGRAM: JSON.stringify(program) },
  });
  const lines = result.stdout.trim().split('\n');
  return { ...result, lines, values: brokers.values(topic) };
}

/** What a flush for a signal takes where nothing answers. */
const MAX_FLUSH_MS = 5_000;

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** The broker takes what is sent to the topic, does not store it, and does not answer. */
function answerNothing(topic: string): void {
  brokers.inject({
    api: 'Produce',
    topic,
    times: Number.POSITIVE_INFINITY,
    action: { silent: 'before-store' },
  });
}

describe('a signal that nobody else handles', { timeout: 60_000 }, () => {
  it.concurrent.for(SIGNALS)(
    '%s ends the process when all is delivered, by itself',
    async (signal, { expect }) => {
      const result = await run('bare', { signal });
      expect(result).toMatchObject({ code: null, signal, stderr: '', values: numbered(9) });
    },
  );

  it.concurrent('is left alone with `signals: false`', async ({ expect }) => {
    const result = await run('bare', { options: { signals: false } });
    expect(result).toMatchObject({ signal: 'SIGTERM', stderr: '', values: [] });
  });

  it.concurrent('ends a process whose broker is away, without waiting, and says what is lost', async ({
    expect,
  }) => {
    const result = await run('with a first connect that has failed', { brokers: NOBODY, signal: 'SIGINT' });
    expect(result).toMatchObject({ code: null, signal: 'SIGINT' });
    expect(result.stderr).toContain('the process ends before Kafka has got 9 records');
    const endedAt = performance.timeOrigin + performance.now();
    // The limit is 200 ms on an idle machine.
    expect(endedAt - Number(result.lines[0]?.slice(3))).toBeLessThan(2_000);
  });

  it.concurrent('does not wait for a first connect that is refused', async ({ expect }) => {
    const result = await run('bare', { brokers: NOBODY, fallback: true });
    const [waited, ...handedOn] = result.lines;
    expect(result.signal).toBe('SIGTERM');
    expect(handedOn).toEqual(numbered(9, 'closed: record'));
    expect(result.stderr).toContain('The fallback has got them.');
    expect(Number.parseInt(waited ?? '', 10)).toBeLessThan(MAX_FLUSH_MS);
  });

  it.concurrent('waits for a broker that answers nothing for closeTimeoutMs', async ({ expect }) => {
    const topic = newTopic();
    answerNothing(topic);
    const result = await run('bare', { topic, fallback: true, options: { closeTimeoutMs: 500 } });
    expect(result.signal).toBe('SIGTERM');
    expect(result.lines.slice(1)).toEqual(numbered(9, 'closed: record'));
  });

  it.concurrent('waits for a broker that is slow', async ({ expect }) => {
    const topic = newTopic();
    brokers.inject({ api: 'Produce', topic, action: { delay: 1_000 } });
    expect(await run('bare', { topic })).toMatchObject({
      signal: 'SIGTERM',
      stderr: '',
      values: numbered(9),
    });
  });

  it.concurrent('ends it at once when it comes a second time', async ({ expect }) => {
    const topic = newTopic();
    answerNothing(topic);
    const result = await run('signalled twice', { topic, signal: 'SIGINT', fallback: true });
    const [waited, ...handedOn] = result.lines;
    expect(result.signal).toBe('SIGINT');
    expect(handedOn).toEqual(numbered(9, 'closed: record'));
    expect(Number.parseInt(waited ?? '', 10)).toBeLessThan(MAX_FLUSH_MS);
  });

  it.concurrent('ends process 1, which the kernel keeps it from', async ({ expect }) => {
    const through = ['unshare', '--pid', '--fork', '--mount-proc'];
    const allowed = await runChild(new URL('./fixtures/signal-program.ts', import.meta.url), {
      env: {
        PROGRAM: JSON.stringify({ scenario: 'logs nothing', signal: 'SIGTERM', topic: 'x', brokers: NOBODY }),
      },
      through,
    });
    if (allowed.code !== 0) {
      console.info(`no namespace for process 1 here: ${allowed.stderr}`);
      expect(allowed.stderr).toMatch(/unshare/);
      return;
    }
    const ended = { code: 143, stderr: '', values: numbered(9) };
    expect(await run('bare', {}, { through })).toMatchObject(ended);
    // Which raises it once more when it has done its work: process 1 lived on.
    expect(await run('signal-exit', {}, { through })).toMatchObject({ ...ended, lines: ['signal-exit'] });
  });

  it.concurrent('reaches both copies of the package, each with a handler', async ({ expect }) => {
    const { signal, lines, values } = await run('two copies of the package');
    expect({ signal, lines }).toEqual({ signal: 'SIGTERM', lines: ['handlers: 2'] });
    expect(values.filter((value) => value.startsWith('record'))).toEqual(numbered(9));
    expect(values.filter((value) => value.startsWith('other'))).toEqual(numbered(9, 'other'));
  });

  it.concurrent('is handled once for twelve transports', async ({ expect }) => {
    const { signal, lines, values, stderr } = await run('twelve transports');
    expect({ signal, lines, stderr }).toEqual({ signal: 'SIGTERM', lines: ['handlers: 1'], stderr: '' });
    expect(values.length).toBe(20);
  });

  it.concurrent('is left to Node when the last transport is closed', async ({ expect }) => {
    const { signal, lines, values } = await run('closed, opened again, closed');
    expect({ signal, lines }).toEqual({ signal: 'SIGTERM', lines: ['handlers: 0 1 0 1 0'] });
    expect(values).toEqual(['round 0 0', 'round 1 0']);
  });

  it.concurrent('is not listened for in threads', async ({ expect }) => {
    expect(await run('in a thread')).toMatchObject({ code: 0, lines: ['handlers: 0 0'] });
  });

  it.concurrent('ends a worker of a cluster', async ({ expect }) => {
    const { lines, values } = await run('cluster');
    expect({ lines, values }).toEqual({ lines: ['worker: null SIGTERM'], values: numbered(9) });
  });

  it.concurrent('ends it beside signal-exit, which does its work when no other handler is left', async ({
    expect,
  }) => {
    const result = await run('signal-exit');
    expect(result).toMatchObject({ signal: 'SIGTERM', lines: ['signal-exit'], values: numbered(9) });
  });
});

describe('handlers of the application decide about the end', { timeout: 60_000 }, () => {
  const closing = [...numbered(9), ...numbered(3, 'closing')];
  it.concurrent.for([
    ['with a handler that exits when its server is closed', 0, null, closing],
    ['with a handler that calls process.exit() once the transport is closed', 7, null, numbered(9)],
    ['with a once handler that the application has put first', 7, null, numbered(9)],
    ['with a handler that comes while it is flushed', 7, null, numbered(9)],
    ['with a handler that ignores it', 0, null, [...numbered(9), ...numbered(3, 'later')]],
    ['close-with-grace', 0, null, closing],
    ['nest', null, 'SIGTERM', [...numbered(3), ...numbered(3, 'closing'), ...numbered(3, 'closed')]],
  ] as const)('%s', async ([scenario, code, signal, values], { expect }) => {
    const result = await run(scenario);
    expect(result).toMatchObject({ code, signal, stderr: '', values });
  });
});

describe('with a spool', { timeout: 60_000 }, () => {
  it.concurrent.for([
    ['overflow', NOBODY],
    ['always', NOBODY],
    ['overflow', undefined],
    ['always', undefined],
  ] as const)(
    'the next process sends what this one held, in memory and on disk (%s, %o)',
    async ([mode, away], { expect }) => {
      const topic = newTopic();
      const options = { spool: { directory: join(base, topic), mode }, buffer: { maxRecords: 2_000 } };
      const first = await run('bare', { topic, records: 4_449, options, ...(away && { brokers: away }) });
      expect({ signal: first.signal, values: away ? first.values : [] }).toEqual({
        signal: 'SIGTERM',
        values: [],
      });
      expect(first.stderr).not.toContain('the process ends');
      const second = await run('logs nothing', { topic, options });
      expect({ code: second.code, stderr: second.stderr }).toEqual({ code: 0, stderr: '' });
      // What was under way when the first one ended may be there twice, behind what was sent before it.
      expect([...new Set(second.values)]).toEqual(numbered(4_449));
    },
  );
});
