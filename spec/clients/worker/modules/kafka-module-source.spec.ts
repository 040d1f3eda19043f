// The clients of a kafkaModule in the thread that they are asked for in.
import { CompressionTypes, type LogEntry, logLevel } from 'kafkajs';
import { expect, it, vi } from 'vitest';
import { GIVEN_UP } from '../../../../lib/clients/client.ts';
import { kafkaModuleSource } from '../../../../lib/clients/worker/modules/kafka-module-source.ts';
import { startCluster, TOPIC } from '../../../support/harness.ts';
import { CLIENT_SETTINGS } from '../../client-settings.ts';
import { batchOf } from '../../contract/rig.ts';

type Options = Parameters<typeof kafkaModuleSource>[1];

function clientOf(code: string, overrides: Partial<Options> = {}) {
  const module = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
  return kafkaModuleSource(module, {
    ...CLIENT_SETTINGS,
    logCreator: () => () => undefined,
    random: Math.random,
    onPath: () => undefined,
    onThrottle: () => undefined,
    onPartitions: () => undefined,
    ...overrides,
  }).make();
}
const configOf = (brokers: string[], more = ''): string =>
  `export default { brokers: ${JSON.stringify(brokers)}, ${more} }`;

it('one needs a codec that is there', async () => {
  const client = clientOf(configOf(['127.0.0.1:1']), { compression: CompressionTypes.Snappy });
  await expect(client.connect()).rejects.toThrow('register it in CompressionCodecs');
});

it.each([
  ['of the module', "logCreator: () => ({ log }) => globalThis.toldByModule('module')", 'module'],
  ['of the transport, where the module has none', '', 'transport'],
])('one writes its lines by the logCreator %s', async (_, more, expected) => {
  const told = new Set<string>();
  vi.stubGlobal('toldByModule', (by: string) => told.add(by));
  const logCreator = () => (_entry: LogEntry) => void told.add('transport');
  const client = clientOf(configOf(['127.0.0.1:1'], more), { logLevel: logLevel.DEBUG, logCreator });
  await expect(client.connect()).rejects.toThrow();
  vi.unstubAllGlobals();
  expect([...told]).toEqual([expected]);
});

it('one sends nothing before it is connected, and is cut when it is given up', async () => {
  const cluster = await startCluster();
  const client = clientOf(configOf(cluster.addresses));
  await expect(client.send(batchOf(TOPIC, ['a']))).rejects.toThrow('this client is not connected');
  await client.connect();
  await client.send(batchOf(TOPIC, ['b']));
  client.kill();
  await cluster.until(() => cluster.connections === 0);
  expect(cluster.values(TOPIC)).toEqual(['b']);
});

it('one has the brokers that a function of the module names', async () => {
  const cluster = await startCluster();
  const client = clientOf(`export default { brokers: async () => ${JSON.stringify(cluster.addresses)} }`);
  await client.connect();
  await client.send(batchOf(TOPIC, ['a']));
  client.kill();
  expect(cluster.values(TOPIC)).toEqual(['a']);
});

it('one that is given up while its module is imported does not connect', async () => {
  const client = clientOf(configOf(['127.0.0.1:1']));
  const connecting = client.connect();
  client.kill();
  await expect(connecting).rejects.toThrow(GIVEN_UP);
});

it('one closes its connections when it is renewed, and when it is closed', async () => {
  const cluster = await startCluster();
  const client = clientOf(configOf(cluster.addresses), { idempotent: true });
  await client.connect();
  for (const end of [() => client.renew?.(), () => client.close()]) {
    await client.send(batchOf(TOPIC, ['a']));
    expect(cluster.connections).toBeGreaterThan(0);
    await end();
    await cluster.until(() => cluster.connections === 0);
  }
});
