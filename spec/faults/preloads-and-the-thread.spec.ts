// A logger with `worker: true` in a module that Node preloads: the shipping thread ran it again, and started the next thread.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, it, onTestFinished } from 'vitest';
import { BrokerCluster } from '../support/broker/broker-cluster.ts';
import { bundleOf } from '../support/bundles.ts';

const execute = promisify(execFile);
const PRELOAD = new URL('./fixtures/preloaded-logger.ts', import.meta.url);
const APPLICATION = fileURLToPath(new URL('./fixtures/application-with-preload.mjs', import.meta.url));

let cluster: BrokerCluster;
let esm = '';
let cjs = '';

beforeAll(async () => {
  cluster = await BrokerCluster.start();
  esm = String(await bundleOf(PRELOAD));
  cjs = String(await bundleOf(PRELOAD, 'cjs'));
});

afterAll(() => cluster.stop());

interface Run {
  /** For Node, before the application. */
  flags?: string[];
  env?: Record<string, string>;
  /** What the preload puts into `process.env.NODE_OPTIONS`. */
  nodeOptions?: string;
  parts?: 'threads' | 'threads that share its environment' | 'cluster';
}

let runs = 0;

/** Runs the application, and says which of its threads ran the preload and what arrived. */
async function run({ flags = [], env = {}, nodeOptions, parts }: Run) {
  const topic = `preloaded-${++runs}`;
  cluster.createTopic(topic, 1);
  const directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-preload-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const log = join(directory, 'runs');
  const PRELOADED = JSON.stringify({ topic, brokers: cluster.addresses, log, nodeOptions, parts });
  const { stdout, stderr } = await execute(process.execPath, [...flags, APPLICATION], {
    cwd: directory,
    env: { ...process.env, NODE_OPTIONS: '', ...env, PRELOADED },
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  const ran = readFileSync(log, 'utf8').trim().split('\n');
  const arrived = cluster.values(topic).map((value) => JSON.parse(value).message.split(' ').at(-1));
  return { ran, arrived: arrived.sort(), stdout, stderr, files: readdirSync(directory) };
}

describe('a logger in a preload is made once by each thread of the application, and by none of ours', () => {
  it.each<[string, () => Run]>([
    ['--import', () => ({ flags: ['--import', pathToFileURL(esm).href] })],
    ['--require', () => ({ flags: ['--require', cjs] })],
    [
      '--import and --require',
      () => ({ flags: ['--require', cjs, '--import', './nothing.mjs'].slice(0, 2) }),
    ],
    ['NODE_OPTIONS with --import', () => ({ env: { NODE_OPTIONS: `--import ${pathToFileURL(esm).href}` } })],
    ['NODE_OPTIONS with --require', () => ({ env: { NODE_OPTIONS: `--require ${cjs}` } })],
    [
      'NODE_OPTIONS set while it runs',
      () => ({ flags: ['--require', cjs], nodeOptions: `--require ${cjs}` }),
    ],
  ])('%s', async (_name, given) => {
    const { expect } = await import('vitest');
    const { ran, arrived, stdout } = await run(given());
    expect(ran).toHaveLength(1);
    expect(arrived).toEqual(ran);
    expect(JSON.parse(stdout)).toEqual({ delivered: 1, pending: 0 });
  });
});
