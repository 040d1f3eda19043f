// A transport that pushes back holds up all others of its logger: what is logged meanwhile waits in winston. Where the sibling never
// calls back, that was lost at the end of the process, without a word.
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import {
  expectLaw,
  loggerWith,
  numbered,
  START_MS,
  Stuck,
  startCluster,
  TOPIC,
  transportTo,
} from '../../support/harness.ts';
import { runProgram } from './fixtures/run-program.ts';

let cluster: BrokerCluster;

beforeAll(async () => {
  cluster = await BrokerCluster.start();
});

afterAll(() => cluster.stop());

const siblings = ['stuck'] as const;
const NO_BROKER = { brokers: ['127.0.0.1:1'], options: { closeTimeoutMs: 300 + START_MS } };

describe('a process with a sibling that has stopped', { timeout: 40_000 }, () => {
  it.concurrent('has delivered all when it ends by itself', async ({ expect }) => {
    const { code, stderr, values } = await runProgram(cluster, { act: 'logs and ends', siblings });
    expect({ code, stderr, values }).toEqual({ code: 0, stderr: '', values: numbered(500) });
  });

  it.concurrent('has delivered all when it ends after a while in which nothing was sent', async ({
    expect,
  }) => {
    const act = 'logs, and is idle before it ends';
    const { code, values } = await runProgram(cluster, { act, siblings, options: { idleTimeoutMs: 20 } });
    expect({ code, values }).toEqual({ code: 0, values: numbered(3) });
  });

  it.concurrent('has delivered what it logs after such a while', async ({ expect }) => {
    const act = 'logs, is idle, and logs again';
    const { code, values } = await runProgram(cluster, { act, siblings, options: { idleTimeoutMs: 20 } });
    expect({ code, values }).toEqual({ code: 0, values: [...numbered(1), ...numbered(3, 'later')] });
  });

  it.concurrent('has handed all to the fallback when it calls process.exit()', async ({ expect }) => {
    const act = 'calls process.exit()';
    const { stdout } = await runProgram(cluster, { act, siblings, fallback: 'prints', ...NO_BROKER });
    expect(stdout.trim().split('\n')).toEqual(numbered(3, 'closed: record'));
  });

  it.concurrent('has delivered all when it is told to end', async ({ expect }) => {
    const { stdout, values } = await runProgram(cluster, {
      act: 'is told to end a moment after its last record',
      siblings,
      fallback: 'prints',
    });
    expect({ stdout, values }).toEqual({ stdout: '', values: numbered(500) });
  });
});

it('logger.end() waits no longer than closeTimeoutMs for them, and then takes them', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster, { closeTimeoutMs: 500 + START_MS });
  const logger = loggerWith(new Stuck(), transport);
  const onError = vi.fn();
  logger.on('error', onError);
  // With a connection from here on.
  const logged = once(transport, 'logged');
  for (const message of numbered(10)) logger.info(message);
  await logged;
  const finish = once(transport, 'finish');
  const onFinish = vi.fn();
  transport.on('finish', onFinish);
  logger.end();
  await finish;
  await transport.close();
  expect(onFinish).toHaveBeenCalledTimes(1);
  expect(cluster.values(TOPIC)).toEqual(numbered(10));
  expectLaw(transport);
  // It has ended, and would emit one for each record that it is given.
  expect(onError).not.toHaveBeenCalled();
});
