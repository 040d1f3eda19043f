// A logger that gets its transports anew, and modules that are loaded anew, as by `logger.configure()` and a development
// server: of the transport before there is nothing left, and all its records have arrived.
import { describe, expect, it } from 'vitest';
import { bundleOf } from '../../support/bundles.ts';
import { runChild } from '../../support/child-process.ts';
import { numbered, startCluster, TOPIC } from '../../support/harness.ts';

const PROGRAM = new URL('./fixtures/program.ts', import.meta.url);
const LOGGER_MODULE = new URL('./fixtures/logger-module.ts', import.meta.url);
const TIMES = 50;

interface Left {
  readonly made: number;
  readonly alive: number;
  readonly timers: number;
  readonly listeners: Record<string, number>;
  readonly warnings: readonly string[];
}

interface Result extends Left {
  readonly values: readonly string[];
}

async function replace(way: string, env: Record<string, string> = {}): Promise<Result> {
  const cluster = await startCluster();
  const { code, stdout, stderr } = await runChild(PROGRAM, {
    env: { WAY: way, BROKER: cluster.addresses[0] ?? '', ...env },
    limitMs: 60_000,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  await cluster.until(() => cluster.connections === 0);
  const values = cluster.values(TOPIC).map((value) => JSON.parse(value).message);
  return { ...JSON.parse(stdout), values: [...values].sort(byNumber) };
}

const byNumber = (a: string, b: string): number => Number(a.split(' ')[1]) - Number(b.split(' ')[1]);

const NOTHING: Left = { made: TIMES, alive: 0, timers: 0, listeners: {}, warnings: [] };

describe('50 transports that follow one another: nothing is left of them', () => {
  it.each([
    'configure',
    'configure, with exceptions handled',
    'clear',
    'remove',
    'loggers.close',
    'end',
    'nothing: the logger is forgotten',
  ])(
    'by %s',
    async (way) => {
      expect(await replace(way)).toEqual({ ...NOTHING, values: numbered(TIMES) });
    },
    60_000,
  );

  it('by nothing, where nothing was logged', async () => {
    expect(await replace('nothing, and nothing was logged')).toEqual({ ...NOTHING, values: [] });
  }, 60_000);

  it('by configure, each with a client of its own', async () => {
    const env = { OPTIONS: JSON.stringify({ isolate: true }) };
    expect(await replace('configure', env)).toEqual({ ...NOTHING, values: numbered(TIMES) });
  }, 60_000);

  it('by configure, with worker: true', async () => {
    const env = { OPTIONS: JSON.stringify({ worker: true }) };
    expect(await replace('configure', env)).toEqual({ ...NOTHING, values: numbered(TIMES) });
  }, 60_000);
});

describe('a module that is loaded 50 times, with the library in it, and nobody closes anything', () => {
  it('by require, after it was deleted from require.cache', async () => {
    const env = { MODULE: String(await bundleOf(LOGGER_MODULE, 'cjs')) };
    expect(await replace('require.cache', env)).toEqual({ ...NOTHING, values: numbered(TIMES) });
  }, 60_000);

  // Node keeps each module that was imported, and with it what it has made.
  it('by import with a query: all but the memory', async () => {
    const env = { MODULE: String(await bundleOf(LOGGER_MODULE, 'esm')), KEEPS_MEMORY: 'true' };
    const { alive, ...result } = await replace('import with a query', env);
    expect(alive).toBeLessThanOrEqual(TIMES);
    expect({ ...result, alive: 0 }).toEqual({ ...NOTHING, values: numbered(TIMES) });
  }, 60_000);
});
