import { execFile } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { BrokerCluster } from '../../testing/broker/broker-cluster.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const fixtures = fileURLToPath(new URL('fixtures', import.meta.url));
const execute = promisify(execFile);

const VERSIONS = {
  winston: '3.19.0',
  kafkajs: '2.2.4',
  jest: '30.5.2',
  typescript: '5.9.3',
};

/** A project of somebody who installs what is packed. */
const consumer = mkdtempSync(join(tmpdir(), 'winston-kafkajs-consumer-'));
let packed: { filename: string; unpackedSize: number; files: { path: string }[] };
let installOutput = '';
let cluster: BrokerCluster;
let tools: Promise<unknown> | undefined;
let withoutNodeTypes: Promise<string> | undefined;

beforeAll(async () => {
  cluster = await BrokerCluster.start({ topics: { esm: 1, cjs: 1, jest: 1, shared: 1 } });
  // `npm run test:package` has built it.
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', consumer];
  const { stdout } = await run('npm', pack, { cwd: root });
  packed = JSON.parse(stdout)[0];
  writeFileSync(join(consumer, 'package.json'), '{ "private": true }');
  const { winston, kafkajs } = VERSIONS;
  const installed = [`./${packed.filename}`, `winston@${winston}`, `kafkajs@${kafkajs}`];
  const { stdout: out, stderr } = await run('npm', ['install', ...installed]);
  installOutput = out + stderr;
});

afterAll(async () => {
  rmSync(consumer, { recursive: true, force: true });
  if (withoutNodeTypes !== undefined) rmSync(await withoutNodeTypes, { recursive: true, force: true });
  await cluster.stop();
});

const brokerOf = ({ addresses: [address = ''] }: BrokerCluster): string => address;

describe('the package', () => {
  it('holds dist, docs, README, CHANGELOG and LICENSE, and nothing else', () => {
    const paths = packed.files.map(({ path }) => path);
    const isCode = (path: string): boolean => /^dist\/(esm|cjs)\/.+\.(js|d\.ts)$/.test(path);
    const isPage = (path: string): boolean => /^docs\/(migrating\/)?[\w-]+\.(md|json|yml)$/.test(path);
    expect(paths.filter(isPage).length).toBeGreaterThan(10);
    expect(paths.filter((path) => !isCode(path) && !isPage(path)).sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist/cjs/package.json',
      'dist/options.schema.json',
      'package.json',
    ]);
  });

  it('has at most 20 files in dist, and 735 KiB in all', () => {
    expect(packed.files.filter(({ path }) => path.startsWith('dist/')).length).toBeLessThanOrEqual(20);
    expect(packed.unpackedSize).toBeLessThanOrEqual(735 * 1024);
  });

  it.each([
    ['esm', 'await import'],
    ['cjs', 'require'],
  ])('loads kafkajs for a transport of its own, and only then (%s)', async (_format, load) => {
    const make = (options: string): string => `new KafkaTransport({ topic: 'logs', ${options} });`;
    const code = `const { KafkaTransport } = ${load}('winston-kafkajs');
      const isLoaded = () => Object.keys(createRequire(file).cache).some((name) => name.includes('/kafkajs/'));
      const seen = [isLoaded()];
      ${make('producer: { connect() {}, send() {}, disconnect() {} }')} seen.push(isLoaded());
      ${make("kafka: { brokers: ['127.0.0.1:1'] }, worker: true")} seen.push(isLoaded());
      ${make("kafka: { brokers: ['127.0.0.1:1'] }")} seen.push(isLoaded());
      console.log(JSON.stringify(seen));`;
    const head =
      load === 'require'
        ? "const { createRequire } = require('node:module'); const file = __filename;"
        : "import { createRequire } from 'node:module'; const file = import.meta.filename;";
    const script = join(consumer, load === 'require' ? 'loads.cjs' : 'loads.mjs');
    writeFileSync(script, `${head}\n${code}`);
    const { stdout } = await run(process.execPath, [script]);
    expect(JSON.parse(stdout)).toEqual([false, false, false, true]);
  });

  it('throws errors of its own, where Node was made to forget the one that was loaded before, as import-fresh does', async () => {
    const code = `const forgotten = require('winston-kafkajs');
      new forgotten.KafkaTransport({ topic: 'logs', kafka: { brokers: ['127.0.0.1:1'] } });
      delete require.cache[require.resolve('winston-kafkajs')];
      for (const { KafkaTransport, KafkaTransportError } of [require('winston-kafkajs'), forgotten]) {
        try { new KafkaTransport({}); } catch (error) { console.log(error instanceof KafkaTransportError); }
      }`;
    const { stdout } = await run(process.execPath, ['-e', code]);
    expect(stdout).toBe('true\ntrue\n');
  });

  it('says what to do where kafkajs is not installed', async () => {
    const project = mkdtempSync(join(tmpdir(), 'winston-kafkajs-without-kafkajs-'));
    onTestFinished(() => rmSync(project, { recursive: true, force: true }));
    cpSync(join(consumer, 'node_modules'), join(project, 'node_modules'), { recursive: true });
    rmSync(join(project, 'node_modules/kafkajs'), { recursive: true });
    const code = `const { KafkaTransport } = require('winston-kafkajs');
      try { new KafkaTransport({ topic: 'logs', kafka: { brokers: ['127.0.0.1:1'] } }); }
      catch ({ name, code, option, message }) { console.log(JSON.stringify({ name, code, option, message })); }`;
    const { stdout } = await run(process.execPath, ['-e', code], { cwd: project });
    expect(JSON.parse(stdout)).toEqual({
      name: 'KafkaTransportError',
      code: 'ERR_INVALID_OPTION',
      option: 'kafka',
      message: expect.stringContaining('npm install kafkajs'),
    });
  });

  it.each(['esm', 'cjs'])(
    'shows the error of an option that nobody catches, and not its own code (%s)',
    async (format) => {
      const load = format === 'esm' ? "await import('winston-kafkajs')" : "require('winston-kafkajs')";
      const program = `const { KafkaTransport } = ${load}; new KafkaTransport({ topic: 'a', sampel: 1 });`;
      writeFileSync(join(consumer, `option.${format === 'esm' ? 'mjs' : 'cjs'}`), program);
      const { stderr } = await run(process.execPath, [`option.${format === 'esm' ? 'mjs' : 'cjs'}`]).catch(
        (error: { stderr: string }) => error,
      );
      expect(stderr).toContain('unknown option "sampel". Did you mean "sample"?');
      expect(Math.max(...stderr.split('\n').map((line) => line.length))).toBeLessThan(300);
    },
  );

  // "Getter must be a function: yes", for winston-kafkajs alone: winston and kafkajs were loaded.
  it('could not be loaded where Object.prototype has a text for everybody to see', async () => {
    const code = `Object.prototype.polluted = 'yes';
      const { KafkaTransport } = require('winston-kafkajs');
      const { accepted } = new KafkaTransport({ topic: 'a', kafka: { brokers: '127.0.0.1:1' } }).stats();
      require('winston-kafkajs/formats');
      console.log(accepted, Object.keys(require('winston-kafkajs')).includes('polluted'));`;
    const { stdout } = await run(process.execPath, ['-e', code]);
    expect(stdout).toBe('0 false\n');
  });

  it('installs without a warning', () => {
    // A setting of the machine that this npm does not know is not of our making.
    const warnings = installOutput.split('\n').filter((line) => /warn|deprecated/i.test(line));
    expect(warnings.filter((line) => !/Unknown (user|env|project) config/.test(line))).toEqual([]);
  });

  it('is the same in its two module formats', async () => {
    copyFileSync(join(fixtures, 'both-formats.mjs'), join(consumer, 'both-formats.mjs'));
    const { stdout } = await run(process.execPath, ['both-formats.mjs']);
    const { names, className, ...seen } = JSON.parse(stdout);
    expect(seen).toEqual({ distinct: false, esmInCjs: true, cjsInEsm: true, after: false });
    expect(names[0]).toEqual(names[1]);
    expect(names[0]).toContain('KafkaTransport');
    expect(className).toBe('KafkaTransport');
  });

  it('has transports share a client, also across its module formats', async () => {
    copyFileSync(join(fixtures, 'shared-client.mjs'), join(consumer, 'shared-client.mjs'));
    const before = cluster.connectionsEver;
    const { stdout } = await run(process.execPath, ['shared-client.mjs', brokerOf(cluster)]);
    expect(JSON.parse(stdout)).toEqual([1, 1, 1]);
    expect(cluster.count('shared')).toBe(3);
    expect(cluster.connectionsEver).toBe(before + 1);
  });

  it.each(['esm', 'cjs'])('delivers through a worker thread (%s)', async (format) => {
    copyFileSync(join(fixtures, 'in-a-worker.mjs'), join(consumer, 'in-a-worker.mjs'));
    const { stdout } = await run(process.execPath, ['in-a-worker.mjs', format, brokerOf(cluster)]);
    expect(JSON.parse(stdout)).toEqual({ delivered: 1, dropped: 0, pending: 0 });
    expect(cluster.values(format)).toEqual(
      ['flushed', 'left'].map((message) => `{"level":"info","message":"${message}"}`),
    );
  });

  it.each(['esm', 'cjs'])(
    'knows where a record was logged from, and which are its own (%s)',
    async (format) => {
      copyFileSync(join(fixtures, 'callers.mjs'), join(consumer, 'callers.mjs'));
      cpSync(join(fixtures, 'src'), join(consumer, 'src'), { recursive: true });
      const { stdout } = await run(process.execPath, ['callers.mjs', format]);
      const lineOf = (code: string): number =>
        readFileSync(join(fixtures, 'callers.mjs'), 'utf8')
          .split('\n')
          .findIndex((line) => line.includes(code)) + 1;
      const { sent, seen, suppressed } = JSON.parse(stdout);
      expect(sent).toEqual([
        ['plain', `callers plain ${lineOf("info('plain')")}`],
        ['method', `callers open ${lineOf("'method'")}`],
        ['top level', `callers <module> ${lineOf("info('top level')")}`],
      ]);
      // The stream has all of them, also what was logged from inside the producer.
      expect(seen).toEqual(['plain', 'noisy', 'quiet', 'method', 'top level', 'the producer']);
      expect(suppressed).toEqual({ reentrant: 1, filtered: 2, loop: 0, sampled: 0 });
    },
  );

  it('works under Jest', async () => {
    mkdirSync(join(consumer, 'test'), { recursive: true });
    for (const name of ['jest', 'jest-mocked', 'jest-reset'])
      copyFileSync(join(fixtures, `${name}.test.js`), join(consumer, `test/${name}.test.js`));
    await installTools();
    const env = { BROKER: brokerOf(cluster) };
    const { stderr } = await run(join(consumer, 'node_modules/.bin/jest'), ['--ci'], { env });
    expect(stderr).toMatch(/Tests:\s+5 passed, 5 total/);
    expect(cluster.values('jest')).toEqual(['{"level":"info","message":"hello from Jest"}']);
  });

  it.each([
    ['ESM, nodenext', 'usage.mts', ['--module', 'nodenext']],
    ['CommonJS, nodenext', 'usage.cts', ['--module', 'nodenext']],
    ['CommonJS without esModuleInterop', 'usage.cts', ['--module', 'nodenext', '--esModuleInterop', 'false']],
    ['a bundler', 'usage.ts', ['--module', 'esnext', '--moduleResolution', 'bundler', '--target', 'es2022']],
  ])('has types that fit %s', async (_name, file, options) => {
    copyFileSync(join(fixtures, 'usage.ts'), join(consumer, file));
    await installTools();
    const strict = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false'];
    const { stdout } = await run(join(consumer, 'node_modules/.bin/tsc'), [
      ...strict,
      ...options,
      file,
    ]).catch((error) => error);
    expect(stdout).toBe('');
  });
  // `transport.on` was an error there. Without those types, winston's and kafkajs's own are no longer whole, hence `skipLibCheck`.
  it.each([
    ['ESM, nodenext', 'without-node.mts', ['--module', 'nodenext']],
    ['CommonJS, nodenext', 'without-node.cts', ['--module', 'nodenext']],
    [
      'CommonJS without esModuleInterop',
      'without-node.cts',
      ['--module', 'nodenext', '--esModuleInterop', 'false'],
    ],
    [
      'a bundler',
      'without-node.ts',
      ['--module', 'esnext', '--moduleResolution', 'bundler', '--target', 'es2022'],
    ],
  ])('has types that do without @types/node, with skipLibCheck: %s', async (_name, file, options) => {
    const project = await projectWithoutNodeTypes();
    copyFileSync(join(fixtures, 'without-node.ts'), join(project, file));
    const flags = ['--noEmit', '--strict', '--skipLibCheck', ...options, file];
    const tsc = join(project, 'node_modules/.bin/tsc');
    const { stdout } = await run(tsc, flags, { cwd: project }).catch((error) => error);
    expect(stdout).toBe('');
    // Otherwise the above would show nothing.
    expect(existsSync(join(project, 'node_modules/@types/node'))).toBe(false);
  });
});

function run(
  command: string,
  args: string[],
  { cwd = consumer, env = {} }: { cwd?: string; env?: Record<string, string> } = {},
): Promise<{ stdout: string; stderr: string }> {
  return execute(command, args, { cwd, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 });
}

/** After the specs about what is installed with the package alone. */
function installTools(): Promise<unknown> {
  const { jest, typescript } = VERSIONS;
  tools ??= run('npm', ['install', `jest@${jest}`, `typescript@${typescript}`, '@types/node@20']);
  return tools;
}

/** A project of its own: another one may have the types in `node_modules`. */
function projectWithoutNodeTypes(): Promise<string> {
  const make = async (): Promise<string> => {
    const project = mkdtempSync(join(tmpdir(), 'winston-kafkajs-without-node-'));
    writeFileSync(join(project, 'package.json'), '{ "private": true }');
    const { winston, kafkajs, typescript } = VERSIONS;
    const installed = [`winston@${winston}`, `kafkajs@${kafkajs}`, `typescript@${typescript}`];
    await run('npm', ['install', join(consumer, packed.filename), ...installed], { cwd: project });
    return project;
  };
  withoutNodeTypes ??= make();
  return withoutNodeTypes;
}
