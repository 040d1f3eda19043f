// The package in a bundle that is moved away from where it was made. With `worker: true` the thread once ran the bundle, and so
// the whole application, a second time; and esbuild's CommonJS crashed when it was loaded.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrokerCluster } from '../../testing/broker/broker-cluster.ts';
import { freePort } from '../../testing/free-ports.ts';
import { BUNDLERS } from './bundlers.ts';
import { Consumer, FIXTURES, run } from './consumer.ts';

/** What is left out of the bundle, and so is installed where it is moved to. */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  nothing: [],
  kafkajs: ['kafkajs'],
  'winston-kafkajs': ['winston-kafkajs'],
};

const CASES = Object.entries(BUNDLERS).flatMap(([bundler, bundle]) =>
  Object.entries(LEFT_OUT).map(([leftOut, external]) => ({ bundler, bundle, leftOut, external })),
);

const HOISTING = ['Rollup', 'webpack to ESM'];

// A limit, for a machine that has other things to do: 27 bundles take a minute of computing.
const BUNDLING_MS = 900_000;

interface Made {
  file: string;
  warnings: string[];
}

const deployed = mkdtempSync(join(tmpdir(), 'winston-kafkajs-deployed-'));
const made = new Map<string, Made>();
const cwd = makeWorkingDirectory();
let cluster: BrokerCluster;

const nameOf = ({ bundler, leftOut }: { bundler: string; leftOut: string }): string =>
  `${bundler}-without-${leftOut}`.replaceAll(/\W+/g, '-').toLowerCase();

beforeAll(async () => {
  cluster = await BrokerCluster.start({ autoCreate: true });
  const consumer = await Consumer.make();
  const installed = install(consumer);
  const source = join(consumer.directory, 'src');
  cpSync(join(FIXTURES, 'bundled'), source, { recursive: true });
  for (const given of CASES) {
    const { bundle, external } = given;
    const to = join(consumer.directory, nameOf(given));
    mkdirSync(to);
    const job = { esm: join(source, 'entry.mjs'), cjs: join(source, 'entry.cjs'), external, to };
    const { file, warnings } = await bundle(job);
    const place = join(deployed, nameOf(given));
    cpSync(dirname(file), place, { recursive: true });
    if (external.length > 0) symlinkSync(installed, join(place, 'node_modules'));
    made.set(nameOf(given), { file: join(place, basename(file)), warnings });
  }
  // From here on there is no path to where it was built.
  consumer.remove();
}, BUNDLING_MS);

afterAll(async () => {
  rmSync(deployed, { recursive: true, force: true });
  await cluster.stop();
});

/** What is installed where the bundles are moved to, with a kafkajs that leaves a line in each thread that loads it. */
function install({ directory }: Consumer): string {
  const packages = join(deployed, 'installed/node_modules');
  cpSync(join(directory, 'node_modules'), packages, { recursive: true });
  const index = join(packages, 'kafkajs/index.js');
  const note = `const { isMainThread } = require('node:worker_threads');
    const thread = isMainThread ? 'main thread' : 'shipping thread';
    require('node:fs').appendFileSync(JSON.parse(process.env.APPLICATION).log, 'kafkajs in the ' + thread + '\\n');\n`;
  writeFileSync(index, note + readFileSync(index, 'utf8'));
  return packages;
}

/** Where the bundles are started from. What lies there is not the application's, and must not be run. */
function makeWorkingDirectory(): string {
  const directory = join(deployed, 'elsewhere/work');
  mkdirSync(join(directory, 'node_modules/kafkajs'), { recursive: true });
  const note = `require('node:fs').appendFileSync(JSON.parse(process.env.APPLICATION).log, "somebody's kafkajs\\n");`;
  writeFileSync(join(directory, 'node_modules/kafkajs/index.js'), note);
  return directory;
}

describe.each(CASES)('$bundler, without $leftOut in the bundle', (given) => {
  it('has nothing to warn of', () => {
    expect(made.get(nameOf(given))?.warnings).toEqual([]);
  });

  it.each([false, true])('delivers, and runs the application once (worker: %s)', async (worker) => {
    const { file } = made.get(nameOf(given)) as Made;
    const topic = `${nameOf(given)}-${worker}`;
    const log = join(deployed, topic);
    const APPLICATION = JSON.stringify({
      topic,
      brokers: cluster.addresses,
      log,
      port: await freePort(),
      worker,
    });
    const { stdout, stderr } = await run(
      process.execPath,
      ['--disable-warning=TimeoutNegativeWarning', file],
      {
        cwd,
        env: { APPLICATION },
      },
    );
    expect({ stdout: JSON.parse(stdout), stderr }).toEqual({
      stdout: { delivered: 1, pending: 0 },
      stderr: '',
    });
    expect(cluster.values(topic).map((value) => JSON.parse(value).message)).toEqual(['first', 'last']);
    const isInstalled = given.leftOut !== 'nothing';
    // A bundler that writes ESM makes an `import` of the package of it, which is loaded at once.
    const isHoisted = given.leftOut === 'kafkajs' && HOISTING.includes(given.bundler);
    const threads = [...(!worker || isHoisted ? ['main'] : []), ...(worker ? ['shipping'] : [])];
    const loads = threads.map((name) => `kafkajs in the ${name} thread`);
    expect(readFileSync(log, 'utf8').trim().split('\n').sort()).toEqual([
      ...(isInstalled ? loads : []),
      'ran',
    ]);
  });
});
