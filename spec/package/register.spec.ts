// `winston-kafkajs/register` and the JSON schema, as who installs the package gets them.
import { copyFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrokerCluster } from '../../testing/broker/broker-cluster.ts';
import { BUNDLERS } from './bundlers.ts';
import { Consumer, FIXTURES } from './consumer.ts';

const TYPESCRIPT = '5.9.3';
const JEST = '30.5.2';
const NODENEXT = ['--module', 'nodenext', '--moduleDetection', 'force'];

let consumer: Consumer;
let cluster: BrokerCluster;

beforeAll(async () => {
  cluster = await BrokerCluster.start({ autoCreate: true });
  consumer = await Consumer.make(`jest@${JEST}`, `typescript@${TYPESCRIPT}`, '@types/node@20');
});

afterAll(async () => {
  consumer.remove();
  await cluster.stop();
});

/** What the compiler says. */
async function errorsIn(name: string, ending: string, options: readonly string[]): Promise<string> {
  copy(`${name}.ts`, `${name}.${ending}`);
  const strict = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false'];
  const tsc = join(consumer.directory, 'node_modules/.bin/tsc');
  const args = [...strict, ...options, `${name}.${ending}`];
  const { stdout } = await consumer.run(tsc, args).catch((error) => error);
  return stdout;
}

function copy(name: string, as: string = name): void {
  mkdirSync(dirname(join(consumer.directory, as)), { recursive: true });
  copyFileSync(join(FIXTURES, name), join(consumer.directory, as));
}

const broker = (): string => cluster.addresses[0] ?? '';

describe('winston-kafkajs/register', () => {
  it('adds the class to winston, once for both module formats, and its loggers deliver', async () => {
    copy('register.mjs');
    const { stdout, stderr } = await consumer.run(process.execPath, ['register.mjs', broker()]);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ isTheClass: true, isListed: true, delivered: [1, 1] });
    for (const topic of ['created', 'added'])
      expect(cluster.values(topic)).toEqual(['{"level":"info","message":"hello"}']);
  });

  it.each(['before', 'after'])(
    'may stand %s winston; the library is loaded when it is asked for',
    async (order) => {
      copy('register.cjs');
      const { stdout } = await consumer.run(process.execPath, ['register.cjs', order]);
      expect(JSON.parse(stdout)).toEqual({ before: false, isTheClass: true, after: true });
    },
  );

  it('works under Jest, also after resetModules', async () => {
    copy('register.test.js', 'test/register.test.js');
    const { stderr } = await consumer.run(join(consumer.directory, 'node_modules/.bin/jest'), ['--ci']);
    expect(stderr).toMatch(/Tests:\s+3 passed, 3 total/);
  });

  it.each([
    ['ESM, nodenext', 'mts', NODENEXT],
    ['CommonJS, nodenext', 'cts', ['--module', 'nodenext', '--esModuleInterop']],
    ['a bundler', 'ts', ['--module', 'esnext', '--moduleResolution', 'bundler', '--target', 'es2022']],
    [
      'node10',
      'ts',
      ['--module', 'commonjs', '--moduleResolution', 'node10', '--target', 'es2022', '--esModuleInterop'],
    ],
  ])('has types: %s', async (_name, ending, options) => {
    expect(await errorsIn('register', ending, options)).toBe('');
  });

  it('adds no types where it is not imported', async () => {
    expect(await errorsIn('without-register', 'mts', NODENEXT)).toBe('');
  });

  it.each(Object.entries(BUNDLERS))(
    'stays in a bundle: %s',
    async (name, bundle) => {
      const source = join(consumer.directory, 'src');
      cpSync(join(FIXTURES, 'registered'), source, { recursive: true });
      const topic = name.replaceAll(/\W+/g, '-').toLowerCase();
      const to = join(consumer.directory, topic);
      mkdirSync(to);
      const job = {
        esm: join(source, 'entry.mjs'),
        cjs: join(source, 'entry.cjs'),
        external: ['kafkajs'],
        to,
      };
      const { file, warnings } = await bundle(job);
      expect(warnings).toEqual([]);
      const env = { APPLICATION: JSON.stringify({ topic, broker: broker() }) };
      const { stdout } = await consumer.run(process.execPath, [join(to, basename(file))], env);
      expect(JSON.parse(stdout)).toEqual({ delivered: 1, dropped: 0, pending: 0 });
      expect(cluster.values(topic)).toEqual(['{"level":"info","message":"from a bundle"}']);
    },
    300_000,
  );
});

it('the JSON schema is there, for both module formats', async () => {
  const name = 'winston-kafkajs/options.schema.json';
  writeFileSync(
    join(consumer.directory, 'schema.mjs'),
    `import { createRequire } from 'node:module';
    import schema from '${name}' with { type: 'json' };
    const required = createRequire(import.meta.url)('${name}');
    console.log(JSON.stringify([schema, required]));`,
  );
  const { stdout } = await consumer.run(process.execPath, ['schema.mjs']);
  const [imported, required] = JSON.parse(stdout);
  expect(imported).toEqual(required);
  const isValid = new Ajv({ strictTypes: true }).compile(imported);
  expect(isValid({ topic: 'logs', kafka: { brokers: 'a:9092' } })).toBe(true);
  expect(isValid({ topic: 'logs', kafka: { brokers: 'a' } })).toBe(false);
});
