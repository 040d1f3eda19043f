// A logger with `worker: true` in a module that Node preloads: the shipping thread ran it again, and started the next thread,
// without end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { bundleOf } from '../../support/bundles.ts';
import { runIfWaiting } from '../../support/debugger.ts';
import type { Preloaded } from './fixtures/preloaded.ts';

const PRELOAD = new URL('./fixtures/preloaded-logger.ts', import.meta.url);
const APPLICATION = fileURLToPath(new URL('./fixtures/application-with-preload.mjs', import.meta.url));
const MODULE = fileURLToPath(new URL('./fixtures/kafka-that-imports.mjs', import.meta.url));

let cluster: BrokerCluster;
let esm = '';
let cjs = '';

beforeAll(async () => {
  cluster = await BrokerCluster.start();
  esm = pathToFileURL(String(await bundleOf(PRELOAD))).href;
  cjs = String(await bundleOf(PRELOAD, 'cjs'));
});

afterAll(() => cluster.stop());

interface Given extends Partial<Preloaded> {
  /** For Node, before the application. */
  flags?: string[];
  env?: Record<string, string>;
  /** How many threads run the preload. */
  runs?: number;
  isDebugged?: boolean;
}

interface Run {
  /** The threads that ran the preload, as `process/thread`. */
  ran: string[];
  /** Whose record is in the topic. */
  arrived: string[];
  code: number | null;
  stdout: string;
  stderr: string;
  /** What is in its working directory then. */
  files: string[];
}

// Each run starts several processes or threads, on a machine that may have other things to do.
const LIMIT_MS = 90_000;
vi.setConfig({ testTimeout: LIMIT_MS + 10_000 });

let topics = 0;

/** Runs the application until each thread of it has delivered. */
async function run({ flags = [], env = {}, runs = 1, isDebugged = false, ...given }: Given): Promise<Run> {
  const topic = `preloaded-${++topics}`;
  cluster.createTopic(topic, 1);
  const cwd = mkdtempSync(join(tmpdir(), 'winston-kafkajs-preload-'));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  const log = join(cwd, 'runs');
  const preloaded: Preloaded = { topic, log, options: { kafka: { brokers: cluster.addresses } }, ...given };
  const child = spawn(process.execPath, [...flags, APPLICATION], {
    cwd,
    env: { ...process.env, NODE_OPTIONS: '', ...env, PRELOADED: JSON.stringify(preloaded) },
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  const closed = once(child, 'close');
  if (isDebugged) await runIfWaiting(child, () => existsSync(log));
  // Where it ends before, the assertions tell more.
  await Promise.race([cluster.until(() => cluster.count(topic) >= runs, LIMIT_MS), closed]);
  child.stdin.end();
  const [code] = (await closed) as [number | null];
  const ran = readFileSync(log, 'utf8').trim().split('\n').sort();
  const arrived = cluster.values(topic).map((value) => String(JSON.parse(value).message).slice(10));
  return { ran, arrived: arrived.sort(), code, ...output, files: readdirSync(cwd).sort() };
}

/** Each of the application's threads has run it once, and each of its records is there once. */
function expectRuns({ ran, arrived, code, stderr }: Run, count = 1): void {
  expect({ code, stderr, ran }).toEqual({ code: 0, stderr: expect.any(String), ran: expect.any(Array) });
  expect(ran).toHaveLength(count);
  expect(new Set(ran).size).toBe(count);
  expect(arrived).toEqual(ran);
}

describe('a logger in a preload is made once', () => {
  it.each<[string, () => Given]>([
    ['--import', () => ({ flags: ['--import', esm] })],
    ['--require', () => ({ flags: ['--require', cjs] })],
    ['NODE_OPTIONS with --import', () => ({ env: { NODE_OPTIONS: `--import ${esm}` } })],
    ['NODE_OPTIONS with --require', () => ({ env: { NODE_OPTIONS: `--require ${cjs}` } })],
    [
      'NODE_OPTIONS that it sets itself',
      () => ({ flags: ['--require', cjs], nodeOptions: `--require ${cjs}` }),
    ],
  ])('by %s', async (_name, given) => {
    expectRuns(await run(given()));
  });
});

describe('a logger in a preload is made once by each thread and process of the application', () => {
  const STARTS = ['threads', 'threads that share its environment', 'processes'] as const;

  it.each(STARTS)('%s, by --import', async (starts) => {
    expectRuns(await run({ flags: ['--import', esm], starts, runs: 3 }), 3);
  });

  it.each(STARTS)('%s, by NODE_OPTIONS that it sets itself, too', async (starts) => {
    const nodeOptions = `--require ${cjs}`;
    const { ran, arrived } = await run({ flags: ['--require', cjs], nodeOptions, starts, runs: 3 });
    expect(arrived).toEqual(ran);
    // What Node makes of both at once is not ours: it may run the module of a process's flags and of its NODE_OPTIONS once each.
    expect(new Set(ran).size).toBe(3);
  });
});

describe('a flag of the application is not for the shipping thread', () => {
  it('--cpu-prof makes one profile', async () => {
    const { files, ...rest } = await run({ flags: ['--import', esm, '--cpu-prof'] });
    expectRuns({ files, ...rest });
    expect(files.filter((name) => name.endsWith('.cpuprofile'))).toHaveLength(1);
  });

  it.each(['--inspect=0', '--inspect-brk=0'])('%s holds nobody up', async (flag) => {
    const result = await run({ flags: [flag, '--import', esm], isDebugged: !flag.startsWith('--inspect=') });
    expectRuns(result);
    expect(result.stderr.match(/Debugger listening/g)).toHaveLength(1);
  });
});

const environment = { HTTPS_PROXY: 'http://proxy:3128' };

describe('a kafkaModule', () => {
  const moduleFor = (imports?: string): Preloaded['module'] => ({ brokers: cluster.addresses, imports });
  const said = ({ stdout }: Run): unknown[] =>
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));

  it('runs with the environment of the application, but none of its flags', async () => {
    const env = { NODE_OPTIONS: `--import ${esm}`, ...environment };
    const flags = ['--no-deprecation'];
    const result = await run({ flags, env, options: { kafkaModule: MODULE }, module: moduleFor() });
    expectRuns(result);
    expect(said(result)).toEqual([{ execArgv: [], ...environment }]);
  });

  it('gets the loader that it needs by workerOptions.execArgv', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-loader-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const loader = pathToFileURL(join(directory, 'loader.mjs')).href;
    const hooks = `export const resolve = (specifier, context, next) => specifier === 'only-with-a-loader'
      ? { url: 'data:text/javascript,', shortCircuit: true } : next(specifier, context);`;
    const url = `data:text/javascript,${encodeURIComponent(hooks)}`;
    writeFileSync(
      join(directory, 'loader.mjs'),
      `import { register } from 'node:module'; register(${JSON.stringify(url)});`,
    );
    const execArgv = ['--import', loader];
    const options = { kafkaModule: MODULE, workerOptions: { execArgv } };
    const result = await run({
      flags: ['--import', loader, '--import', esm],
      options,
      module: moduleFor('only-with-a-loader'),
    });
    expectRuns(result);
    expect(said(result)).toEqual([{ execArgv }]);
  });

  it('that imports a logger with worker: true has it ship from the thread that is there', async () => {
    const options = { kafkaModule: MODULE };
    expectRuns(await run({ flags: ['--import', esm], options, module: moduleFor(esm), runs: 2 }), 2);
  });

  it('that requires one in CommonJS too', async () => {
    const module = moduleFor(pathToFileURL(cjs).href);
    expectRuns(
      await run({ flags: ['--require', cjs], options: { kafkaModule: MODULE }, module, runs: 2 }),
      2,
    );
  });
});

it.each<[string, () => string[]]>([
  ['--import', () => ['--import', esm]],
  ['--import=', () => [`--import=${esm}`]],
  ['--require', () => ['--require', cjs]],
])(
  'a logger that is preloaded in the shipping thread on purpose, by %s, ships from there',
  async (_name, flags) => {
    const options = { kafka: { brokers: cluster.addresses }, workerOptions: { execArgv: flags() } };
    expectRuns(await run({ flags: flags(), options, runs: 2 }), 2);
  },
);
