import { afterAll, beforeAll, describe, it } from 'vitest';
import { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { isWorkerRun, numbered, START_MS } from '../../support/harness.ts';
import { type Major, runProgram } from './fixtures/run-program.ts';

let cluster: BrokerCluster;

beforeAll(async () => {
  cluster = await BrokerCluster.start();
});

afterAll(() => cluster.stop());

const NO_BROKER = { brokers: ['127.0.0.1:1'], options: { closeTimeoutMs: 300 + START_MS } };

describe('a process that ends by itself', { timeout: 40_000 }, () => {
  it.concurrent.for<Major>(['3', '4'])(
    'has delivered first (readable-stream %s)',
    async (major, { expect }) => {
      const { code, stderr, values } = await runProgram(cluster, { act: 'logs and ends' }, major);
      expect({ code, stderr, values }).toEqual({ code: 0, stderr: '', values: numbered(500) });
    },
  );

  it.concurrent('ends although its connection is open: it is closed when idle', async ({ expect }) => {
    const act = 'logs, and lives on for a while';
    const { code, values } = await runProgram(cluster, { act, options: { idleTimeoutMs: 50 } });
    expect({ code, values }).toEqual({ code: 0, values: [...numbered(3), ...numbered(3, 'later')] });
  });

  it.concurrent('ends when there never was a record, and asks for no connection', async ({ expect }) => {
    const { code, stderr, values } = await runProgram(cluster, {
      act: 'logs nothing',
      brokers: ['127.0.0.1:1'],
    });
    expect({ code, stderr, values }).toEqual({ code: 0, stderr: '', values: [] });
  });

  it.concurrent('keeps its exit code', async ({ expect }) => {
    const { code, values } = await runProgram(cluster, { act: 'sets an exit code' });
    expect({ code, values }).toEqual({ code: 7, values: numbered(3) });
  });

  it.concurrent('ends when the broker is away, and hands what is left to the fallback', async ({
    expect,
  }) => {
    const { code, stdout } = await runProgram(cluster, {
      act: 'logs and ends',
      fallback: 'prints',
      ...NO_BROKER,
    });
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toEqual(numbered(500, 'closed: record'));
  });

  it.concurrent('ends when the broker is away, and another cluster has got what is left', async ({
    expect,
  }) => {
    const { code, values } = await runProgram(cluster, {
      act: 'logs and ends',
      fallback: 'ships',
      otherBrokers: cluster.addresses,
      ...NO_BROKER,
    });
    expect({ code, values }).toEqual({ code: 0, values: ['first', ...numbered(500)] });
  });

  it.concurrent('says in one line how many records are lost, why, and what to do', async ({ expect }) => {
    const { code, stderr } = await runProgram(cluster, { act: 'logs and ends', ...NO_BROKER });
    expect(code).toBe(0);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/cannot reach Kafka: .*ECONNREFUSED/),
      expect.stringMatching(
        /ends before Kafka has got 500 records \(.*ECONNREFUSED.*\)\. They are lost\. A spool/,
      ),
    ]);
  });

  it.concurrent('has delivered what it has logged in beforeExit, where that was the first', async ({
    expect,
  }) => {
    const { code, stderr, values } = await runProgram(cluster, { act: 'logs first in beforeExit' });
    expect({ code, stderr, values }).toEqual({ code: 0, stderr: '', values: numbered(3) });
  });

  it.concurrent('hands on what it has logged in an exit listener, after ours', async ({ expect }) => {
    const program = { act: 'logs in an exit listener', fallback: 'prints' } as const;
    const { code, stdout, stderr, values } = await runProgram(cluster, program);
    expect({ code, values }).toEqual({ code: 0, values: numbered(3) });
    expect(stdout.trim().split('\n')).toEqual(numbered(2, 'closed: at exit'));
    expect(stderr).toContain('ends before Kafka has got 1 record ');
  });

  it.concurrent('ends, although it logs whenever it is about to end and the broker is away', async ({
    expect,
  }) => {
    const { code, stderr } = await runProgram(cluster, {
      act: 'logs whenever it is about to end',
      ...NO_BROKER,
    });
    expect(code).toBe(0);
    expect(stderr).toMatch(/ends before Kafka has got \d+ records? /);
  });

  it.concurrent('ends, although it logs whenever it is about to end, and each of these records is delivered', async ({
    expect,
  }) => {
    const { code, stderr } = await runProgram(cluster, { act: 'logs whenever it is about to end' });
    expect(code).toBe(0);
    expect(stderr).toMatch(/ends before Kafka has got \d+ records? /);
  });

  it.concurrent('gives nothing up while the application still works', async ({ expect }) => {
    const program = { act: 'works on in beforeExit', fallback: 'prints', ...NO_BROKER } as const;
    const { code, stdout } = await runProgram(cluster, program);
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toEqual([
      ...numbered(3, 'closed: record'),
      ...numbered(3, 'closed: later'),
    ]);
  });
});

describe('a process that calls process.exit()', { timeout: 40_000 }, () => {
  if (isWorkerRun) {
    it.concurrent('has delivered first', async ({ expect }) => {
      const program = { act: 'calls process.exit()', fallback: 'prints' } as const;
      const { code, stdout, stderr, values } = await runProgram(cluster, program);
      expect({ code, stdout, stderr, values }).toEqual({
        code: 0,
        stdout: '',
        stderr: '',
        values: numbered(3),
      });
    });
  }

  it.concurrent('hands what is left to the fallback', async ({ expect }) => {
    // Without a worker, all is left: nothing more can be sent.
    const program = {
      act: 'calls process.exit()',
      fallback: 'prints',
      ...(isWorkerRun && NO_BROKER),
    } as const;
    const { code, stdout, stderr } = await runProgram(cluster, program);
    expect({ code, lines: stdout.trim().split('\n') }).toEqual({
      code: 0,
      lines: numbered(3, 'closed: record'),
    });
    expect(stderr).toMatch(
      isWorkerRun
        ? /has got 3 records \(.*ECONNREFUSED.*\)\. The fallback has got them\.\n$/
        : /has got 3 records \(there was no time to send them\)\. The fallback has got them\.\n$/,
    );
  });

  it.concurrent('says what another cluster, as fallback, has not got', async ({ expect }) => {
    const { code, stderr, values } = await runProgram(cluster, {
      act: 'calls process.exit()',
      fallback: 'ships',
      otherBrokers: cluster.addresses,
      ...NO_BROKER,
    });
    expect(code).toBe(0);
    if (isWorkerRun) expect(values).toEqual(['first', ...numbered(3)]);
    else
      expect(stderr).toMatch(
        /ends before Kafka has got 3 records .* The fallback has got them[\s\S]*They are lost\./,
      );
  });

  // The next warning comes while the process ends, and process.exit() ends it at once there.
  it.concurrent('for each warning loses nothing of this transport or the next', async ({ expect }) => {
    const act = 'ends as soon as it is warned';
    const { code, stdout, stderr } = await runProgram(cluster, { act, fallback: 'prints', ...NO_BROKER });
    expect(code).toBe(9);
    const lines = stdout.trim().split('\n').sort();
    const undelivered = numbered(3, 'closed: record');
    expect(lines).toEqual([...undelivered, ...undelivered.map((line) => `${line}, from the other`)].sort());
    expect(stderr.match(/ends before Kafka has got 3 records .*The fallback has got them/g)).toHaveLength(2);
  });
});
