// What only a worker can do: deliver while the process is ending, and its event loop stands still.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { numbered } from '../../support/harness.ts';
import { runProgram } from './fixtures/run-program.ts';

let cluster: BrokerCluster;

beforeAll(async () => {
  cluster = await BrokerCluster.start();
});

afterAll(() => cluster.stop());

const worker = true;
const UNDER_WAY = [...numbered(2_000), ...numbered(2_000, 'later')];

describe('process.exit() with worker: true', { timeout: 40_000 }, () => {
  it.concurrent.for([{}, { idempotent: true }])(
    'delivers what waits behind the sends that are under way, once and in order (%o)',
    async (options, { expect }) => {
      const act = 'calls process.exit() with sends under way';
      const { code, stderr, values } = await runProgram(cluster, {
        act,
        options: { worker, batch: { maxRecords: 50, lingerMs: 1 }, ...options },
      });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(values).toEqual(UNDER_WAY);
    },
  );

  it.concurrent('delivers when the logger has been ended, and is not done yet', async ({ expect }) => {
    const act = 'ends its logger, and calls process.exit()';
    const { code, stderr, values } = await runProgram(cluster, { act, options: { worker } });
    expect({ code, stderr, values }).toEqual({ code: 0, stderr: '', values: numbered(3) });
  });

  it.concurrent('delivers after an uncaught exception that nobody handles', async ({ expect }) => {
    const { code, values } = await runProgram(cluster, {
      act: 'throws in the turn of its last record',
      options: { worker },
    });
    expect({ code, values }).toEqual({ code: 1, values: numbered(100) });
  });

  it.concurrent('keeps records of each partition in order, where there are several', async ({ expect }) => {
    cluster.createTopic('several', 4);
    const act = 'calls process.exit() with sends under way';
    const options = { worker, batch: { maxRecords: 50, lingerMs: 1 } };
    const { code } = await runProgram(cluster, { act, topic: 'several', options });
    const records = cluster.records('several');
    expect({ code, count: records.length }).toEqual({ code: 0, count: UNDER_WAY.length });
    const place = new Map(UNDER_WAY.map((value, at) => [value, at]));
    for (let partition = 0; partition < 4; partition++) {
      const own = records
        .filter((record) => record.partition === partition)
        .map(({ value }) => place.get(value.toString()));
      expect(own.length).toBeGreaterThan(0);
      expect(own).toEqual([...own].sort((a, b) => Number(a) - Number(b)));
    }
  });

  it.concurrent('hands to the fallback what the broker refuses', async ({ expect }) => {
    cluster.createTopic('forbidden', 1);
    cluster.inject({
      api: 'Produce',
      topic: 'forbidden',
      times: Number.POSITIVE_INFINITY,
      action: { error: 29 },
    });
    const { code, stdout } = await runProgram(cluster, {
      act: 'calls process.exit()',
      topic: 'forbidden',
      fallback: 'prints',
      options: { worker },
    });
    expect({ code, lines: stdout.trim().split('\n') }).toEqual({
      code: 0,
      lines: numbered(3, 'rejected: record'),
    });
  });

  it.concurrent('waits no longer than closeTimeoutMs for a broker that is silent', async ({ expect }) => {
    cluster.createTopic('silent', 1);
    cluster.inject({
      api: 'Produce',
      topic: 'silent',
      times: Number.POSITIVE_INFINITY,
      action: { silent: 'before-store' },
    });
    const { code, stdout, ms } = await runProgram(cluster, {
      act: 'calls process.exit()',
      topic: 'silent',
      fallback: 'prints',
      options: { worker, closeTimeoutMs: 1_000 },
    });
    expect({ code, lines: stdout.trim().split('\n') }).toEqual({
      code: 0,
      lines: numbered(3, 'closed: record'),
    });
    expect(ms).toBeGreaterThan(1_000);
  });

  it.concurrent('leaves to the spool what nobody has taken by then: the next process sends it', async ({
    expect,
    onTestFinished,
  }) => {
    cluster.createTopic('spooled', 1);
    const directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-exit-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const options = { worker, spool: { directory } };
    const first = await runProgram(cluster, {
      act: 'calls process.exit()',
      topic: 'spooled',
      brokers: ['127.0.0.1:1'],
      options: { ...options, closeTimeoutMs: 300 },
    });
    expect(first).toMatchObject({ code: 0, values: [] });
    const second = await runProgram(cluster, { act: 'logs nothing', topic: 'spooled', options });
    expect(second).toMatchObject({ code: 0, stderr: '', values: numbered(3) });
  });
});
