// Brokers in each form that may be given, down to the socket; and what is told of those that can never work.
import { connect } from 'node:net';
import { inspect } from 'node:util';
import { expect, it, vi } from 'vitest';
import { stderrLines } from '../../../lib/client-log/stderr.ts';
import type { KafkaTransportOptions } from '../../../lib/index.ts';
import { SPEC_TLS } from '../../../testing/broker/spec-tls.ts';
import { loggerWith, numbered, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { expectFlushed, untilDown, warningsOf } from './rig.ts';

type Brokers = NonNullable<KafkaTransportOptions['kafka']>['brokers'];
type Form = (addresses: string[]) => Brokers;

const FORMS: [string, Form][] = [
  ['a list', (addresses) => addresses],
  ['one string', (addresses) => ` ${addresses.join(' , ')},`],
  ['a function that returns a string', (addresses) => () => addresses.join(',')],
  ['a function that returns a list later', (addresses) => async () => addresses],
];

for (const host of ['127.0.0.1', '::1'] as const) {
  it.each(FORMS)(`brokers at ${host} in %s get the records`, async (_, form) => {
    const cluster = await startCluster({ host, brokers: 2, topics: { [TOPIC]: 2 } });
    const transport = transportTo(cluster, { kafka: { brokers: form(cluster.addresses) } });
    const logger = loggerWith(transport);
    for (const message of numbered(20)) logger.info(message);
    await expectFlushed(transport, 20);
    expect(cluster.values(TOPIC).sort()).toEqual(numbered(20).sort());
  });

  it(`one of two brokers at ${host} in a string is away: the other one is tried`, async () => {
    const cluster = await startCluster({ host, brokers: 2 });
    await cluster.down(1);
    const [up = '', down = ''] = cluster.addresses;
    const transport = transportTo(cluster, { kafka: { brokers: `${down},${up}` } });
    loggerWith(transport).info('gets through');
    await expectFlushed(transport, 1);
    expect(cluster.values(TOPIC)).toEqual(['gets through']);
  });
}

it('an IPv6 broker with TLS is connected to by its address', async () => {
  const cluster = await startCluster({ host: '::1', tls: SPEC_TLS });
  const ssl = { ca: [SPEC_TLS.cert], checkServerIdentity: (): undefined => undefined };
  const transport = transportTo(cluster, { kafka: { brokers: cluster.addresses, ssl } });
  loggerWith(transport).info('encrypted');
  await expectFlushed(transport, 1);
  expect(cluster.values(TOPIC)).toEqual(['encrypted']);
});

it('a socketFactory gets the IPv6 address itself', async () => {
  const cluster = await startCluster({ host: '::1' });
  const hosts = new Set<string>();
  const transport = transportTo(cluster, {
    kafka: {
      brokers: cluster.addresses,
      socketFactory: ({ host, port, onConnect }) => {
        hosts.add(host);
        return connect({ host, port }, onConnect);
      },
    },
  });
  loggerWith(transport).info('x');
  await expectFlushed(transport, 1);
  expect([...hosts]).toEqual(['::1']);
});

it('the lines and the warning about an IPv6 broker that is away name it as it was given', async () => {
  const cluster = await startCluster({ host: '::1' });
  await cluster.down();
  const print = vi.spyOn(stderrLines, 'print').mockReturnValue(undefined);
  const transport = transportTo(cluster, {
    kafka: { brokers: cluster.addresses },
    closeTimeoutMs: 10,
    clientLog: { level: 'debug' },
  });
  const warnings = warningsOf(transport);
  loggerWith(transport).info('x');
  await untilDown(transport);
  const lines = print.mock.calls.flat().join('\n');
  print.mockRestore();
  expect(lines).toContain(`broker=${cluster.addresses[0]}`);
  expect(warnings).toHaveLength(1);
  expect(lines + inspect(warnings, { depth: 12 })).not.toContain('ipv6-literal');
});

const RULE =
  'kafka.brokers must be "host:port" (several: in a list, or in one string with commas between them), or a function that returns this; its function returned ';

it.each<[unknown, string]>([
  [undefined, 'undefined'],
  [null, 'null'],
  [[], 'an empty array'],
  ['', 'an empty string'],
  [['a:9092,b:9092'], 'a list whose entry [0] has a comma in it'],
  [[' a:9092'], 'a list whose entry [0] has white space in it'],
  ['PLAINTEXT://a:9092', 'a string whose entry [0] has a scheme'],
  [['user:hunter2@a:9092'], 'a list whose entry [0] has "@" in it'],
  [() => 'a:9092', 'a function'],
])(
  'a brokers function that returns %j: a warning in the same words, and it is asked again',
  async (answer, given) => {
    const cluster = await startCluster();
    let asked = 0;
    const brokers = async (): Promise<string[]> => {
      asked++;
      return (asked <= 3 ? answer : cluster.addresses) as string[];
    };
    const transport = transportTo(cluster, { kafka: { brokers } });
    const warnings = warningsOf(transport);
    const logger = loggerWith(transport);
    for (const message of numbered(5)) logger.info(message);
    await expectFlushed(transport, 5);
    expect(cluster.values(TOPIC)).toEqual(numbered(5));
    expect(warnings.map(({ code }) => code)).toEqual(['ERR_KAFKA_UNREACHABLE']);
    expect(warnings[0]?.message).toContain(`${RULE}${given}`);
    expect(warnings[0]?.message).not.toContain('hunter2');
  },
);

/** A module whose brokers are these. */
function moduleWith(brokers: unknown): URL {
  const url = new URL('./fixtures/kafka-that-lists-brokers.mjs', import.meta.url);
  url.search = String(new URLSearchParams({ brokers: JSON.stringify(brokers) }));
  return url;
}

it('a kafkaModule may have its brokers in one string', async () => {
  const cluster = await startCluster({ host: '::1' });
  const kafkaModule = moduleWith(cluster.addresses.join(','));
  const transport = transportTo(cluster, { kafkaModule, worker: true, closeTimeoutMs: 10_000 });
  loggerWith(transport).info('x');
  await transport.flush(Infinity);
  expect(cluster.values(TOPIC)).toEqual(['x']);
});

it.each<[unknown, string]>([
  [['a:9092,b:9092'], 'a list whose entry [0] has a comma in it'],
  [[], 'an empty array'],
  ['user:hunter2@a:9092', 'a string whose entry [0] has "@" in it'],
])('a kafkaModule whose brokers are %j: a warning that says what was expected', async (brokers, given) => {
  const cluster = await startCluster();
  const kafkaModule = moduleWith(brokers);
  const transport = transportTo(cluster, { kafkaModule, worker: true, closeTimeoutMs: 10 });
  const warnings = warningsOf(transport);
  loggerWith(transport).info('x');
  await untilDown(transport);
  expect(warnings[0]?.message).toMatch(/"brokers" in kafkaModule file:.+ must be "host:port" \(several: /);
  expect(warnings[0]?.message).toContain(`given was ${given}`);
});
