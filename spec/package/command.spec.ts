// The command as it is packed and installed.
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BrokerCluster } from '../../testing/broker/broker-cluster.ts';
import { Consumer } from './consumer.ts';

let consumer: Consumer;
let cluster: BrokerCluster;

beforeAll(async () => {
  cluster = await BrokerCluster.start({ topics: { logs: 1 } });
  consumer = await Consumer.make();
});

afterAll(async () => {
  consumer.remove();
  await cluster.stop();
});

it('runs by its name, and knows its version', async () => {
  const { stdout } = await consumer.run('npx', ['--no-install', 'winston-kafkajs', '--version']);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

it('checks a broker', async () => {
  const args = [
    '--no-install',
    'winston-kafkajs',
    'check',
    '--brokers',
    cluster.addresses.join(),
    '--topic',
    'logs',
  ];
  const { stdout } = await consumer.run('npx', [...args, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ ok: true });
  expect(cluster.count('logs')).toBe(1);
});

it('reads its configuration from a module', async () => {
  const config = { brokers: cluster.addresses };
  writeFileSync(join(consumer.directory, 'kafka.mjs'), `export default ${JSON.stringify(config)};`);
  const args = [
    '--no-install',
    'winston-kafkajs',
    'tail',
    '--config',
    'kafka.mjs',
    '--topic',
    'logs',
    '--since',
    '1h',
  ];
  const { stdout } = await consumer.run('npx', args);
  expect(stdout).toContain('winston-kafkajs check');
});

it('adds nothing to an import of the library', async () => {
  const code = `require('winston-kafkajs');
    console.log(Object.keys(require.cache).filter((file) => file.includes('command')).length);`;
  const { stdout } = await consumer.run(process.execPath, ['-e', code]);
  expect(stdout).toBe('0\n');
  const size = statSync(join(consumer.directory, 'node_modules/winston-kafkajs/dist/cjs/command.js')).size;
  expect(size).toBeLessThan(53 * 1024);
});
