import { afterAll, beforeAll, describe, it } from 'vitest';
import { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { numbered } from '../../support/harness.ts';
import type { ProgramConfig } from './fixtures/program-config.ts';
import { type Major, runProgram } from './fixtures/run-program.ts';

let cluster: BrokerCluster;

beforeAll(async () => {
  cluster = await BrokerCluster.start();
});

afterAll(() => cluster.stop());

type Program = Omit<ProgramConfig, 'topic' | 'brokers'>;

const EVERYTHING = [...numbered(100), 'uncaughtException: boom'];
const handleExceptions = { act: 'throws', handlers: 'handleExceptions' } as const;

const DIES: Record<string, { program: Program; values?: string[]; major?: Major }> = {
  'with exitOnError': { program: handleExceptions },
  'with exitOnError, on readable-stream 4': { program: handleExceptions, major: '4' },
  'with exitOnError, in the turn of its last record': {
    program: { ...handleExceptions, act: 'throws in the turn of its last record' },
  },
  'beside a Console': { program: { ...handleExceptions, siblings: ['console'] } },
  'beside a sibling that pushes back': {
    // 16 of its records winston still holds when the exception comes.
    program: {
      ...handleExceptions,
      act: 'throws',
      siblings: ['slow'],
      options: { batch: { lingerMs: 60_000 } },
    },
  },
  'of a rejection': {
    program: { act: 'rejects', handlers: 'handleRejections' },
    values: [...numbered(100), 'unhandledRejection: boom'],
  },
};

describe('a process that dies of an exception', { timeout: 40_000 }, () => {
  it.concurrent.for(Object.entries(DIES))(
    '%s has delivered it, and all before it',
    async ([, { program, values, major }], { expect }) => {
      const result = await runProgram(cluster, program, major);
      expect(result.code).toBe(1);
      expect(result.values).toEqual(values ?? EVERYTHING);
    },
  );

  it.concurrent('exits when the broker is away, and hands what is left to the fallback', async ({
    expect,
  }) => {
    const program = {
      ...handleExceptions,
      brokers: ['127.0.0.1:1'],
      fallback: 'prints',
      options: { closeTimeoutMs: 300 },
    } as const;
    const { code, stdout } = await runProgram(cluster, program);
    expect(code).toBe(1);
    expect(stdout.trim().split('\n')).toEqual(EVERYTHING.map((text) => `closed: ${text}`));
  });
});

describe('a process that survives its exceptions', { timeout: 40_000 }, () => {
  it.concurrent.for([
    ['false', '3'],
    ['a function that says no', '4'],
  ] as [string, Major][])(
    'keeps the transport, and its listeners in order (exitOnError: %s, readable-stream %s)',
    async ([exitOnError, major], { expect }) => {
      const program = {
        act: 'throws twenty times, and goes on',
        handlers: 'handleExceptions',
        exitOnError,
      } as const;
      const { code, stdout, stderr, values } = await runProgram(cluster, program, major);
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toEqual({ isPiped: true, finish: 1, error: 2 });
      expect(values).toEqual(['record 0', ...numbered(20, 'uncaughtException: boom'), 'after 0']);
      expect(code).toBe(0);
    },
  );
});
