// @platformatic/kafka beside the package, in a Node that it runs on: as it is installed, in bundles that are moved away from where they
// were made, and under Jest.
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrokerCluster } from '../../testing/broker/broker-cluster.ts';
import { runsHere } from '../clients/platformatic/node.ts';
import { newerNode } from '../support/newer-node.ts';
import { BUNDLERS } from './bundlers.ts';
import { Consumer, FIXTURES, ROOT, run } from './consumer.ts';

const NAME = '@platformatic/kafka';
const VERSION = '2.12.1';

/** What docs/clients.md says of bundlers: left out; or in it, with the module that reads a file in another form. */
const OUT = { external: [NAME], alias: {} };
const IN = { external: [], alias: { '@platformatic/wasm-utils': '@platformatic/wasm-utils/bundled' } };
const CASES = [
  ['esbuild to ESM', 'left out', OUT],
  ['esbuild to CommonJS, from require', 'left out', OUT],
  ['Rollup', 'left out', OUT],
  ['webpack to ESM', 'left out', OUT],
  ['webpack to CommonJS', 'left out', OUT],
  ['Rollup', 'in it', IN],
] as const;

const deployed = mkdtempSync(join(tmpdir(), 'winston-kafkajs-deployed-'));
let node: string;
let cluster: BrokerCluster;
let consumer: Consumer;

beforeAll(async () => {
  node = await newerNode();
  cluster = await BrokerCluster.start({ autoCreate: true });
  consumer = await Consumer.make(`${NAME}@${VERSION}`);
  cpSync(join(FIXTURES, 'bundled-platformatic'), join(consumer.directory, 'src'), { recursive: true });
});

afterAll(async () => {
  consumer.remove();
  rmSync(deployed, { recursive: true, force: true });
  await cluster.stop();
});

const brokerOf = ({ addresses: [address = ''] }: BrokerCluster): string => address;

describe('as it is installed', () => {
  it.each(['esm', 'cjs'])('delivers (%s)', async (format) => {
    copyFileSync(join(FIXTURES, 'platformatic.mjs'), join(consumer.directory, 'platformatic.mjs'));
    const { stdout } = await consumer.run(node, ['platformatic.mjs', format, brokerOf(cluster)]);
    expect(JSON.parse(stdout)).toEqual({ path: 'client', delivered: 1, dropped: 0, pending: 0 });
    expect(cluster.values(format)).toEqual(['{"level":"info","message":"through another client"}']);
  });

  it.each(runsHere ? [] : ['esm', 'cjs'])(
    'says which Node it needs, on an older one (%s)',
    async (format) => {
      copyFileSync(join(FIXTURES, 'platformatic.mjs'), join(consumer.directory, 'platformatic.mjs'));
      const { stdout } = await consumer.run(process.execPath, [
        'platformatic.mjs',
        format,
        brokerOf(cluster),
      ]);
      expect(JSON.parse(stdout)).toEqual({
        code: 'ERR_INVALID_OPTION',
        option: 'client',
        message: expect.stringContaining('needs Node 22.22 or later'),
      });
    },
  );
});

describe.each(CASES)('%s, with @platformatic/kafka %s', (bundler, place, { external, alias }) => {
  it('delivers, to the end of the process', async () => {
    const topic = `${bundler} ${place}`.replaceAll(/\W+/g, '-').toLowerCase();
    const to = join(consumer.directory, topic);
    mkdirSync(to);
    const source = join(consumer.directory, 'src');
    const job = { esm: join(source, 'entry.mjs'), cjs: join(source, 'entry.cjs'), external, alias, to };
    const { file, warnings } = (await BUNDLERS[bundler]?.(job)) ?? { file: '', warnings: [] };
    expect(warnings).toEqual([]);
    const directory = join(deployed, topic);
    cpSync(dirname(file), directory, { recursive: true });
    if (external.length > 0)
      symlinkSync(join(consumer.directory, 'node_modules'), join(directory, 'node_modules'));
    const APPLICATION = JSON.stringify({ topic, brokers: cluster.addresses });
    const options = { cwd: deployed, env: { APPLICATION } };
    const { stdout, stderr } = await run(node, [join(directory, basename(file))], options);
    expect({ stdout: JSON.parse(stdout), stderr }).toEqual({
      stdout: { delivered: 1, pending: 0, path: 'client' },
      stderr: '',
    });
    expect(cluster.values(topic).map((value) => JSON.parse(value).message)).toEqual(['first', 'last']);
  });
});

it.each([
  ['--experimental-vm-modules', 'delivered', 1],
  ['', 'start Jest with NODE_OPTIONS=--experimental-vm-modules', 0],
])('under Jest, with NODE_OPTIONS="%s": %s', async (NODE_OPTIONS, EXPECTED, count) => {
  const topic = `jest-${count}`;
  mkdirSync(join(consumer.directory, 'test'), { recursive: true });
  copyFileSync(join(FIXTURES, 'platformatic.test.js'), join(consumer.directory, 'test/platformatic.test.js'));
  const env = { BROKER: brokerOf(cluster), TOPIC: topic, EXPECTED, NODE_OPTIONS };
  const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
  const { stderr } = await consumer.run(node, [jest, '--ci', '--rootDir', consumer.directory], env);
  expect(stderr).toMatch(/Tests:\s+1 passed, 1 total/);
  expect(cluster.count(topic)).toBe(count);
});
