// TLS and SCRAM as a real Kafka has them. ACLs are a row of the table.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { KafkaTransport, type KafkaTransportError, type KafkaTransportOptions } from '../../lib/index.ts';
import { expectLaw, loggerWith, numbered } from '../support/harness.ts';
import { numbersIn } from './support/read-back.ts';
import { RealCluster, USERS } from './support/real-cluster.ts';
import { allow, USER } from './support/rights.ts';

let cluster: RealCluster;

beforeAll(async () => {
  cluster = await RealCluster.prepare();
  await cluster.start();
});

afterAll(() => cluster.stop());

type Sasl = NonNullable<NonNullable<KafkaTransportOptions['kafka']>['sasl']>;

function transportTo(
  topic: string,
  sasl: Sasl,
  overrides: Partial<KafkaTransportOptions> = {},
): KafkaTransport {
  return new KafkaTransport({
    topic,
    kafka: { brokers: cluster.securedAddresses, ssl: { ca: [cluster.ca] }, sasl },
    retry: { initialMs: 20, maxMs: 200 },
    ...overrides,
  });
}

const scram = (mechanism: 'scram-sha-256' | 'scram-sha-512', password: string): Sasl =>
  mechanism === 'scram-sha-256'
    ? { mechanism, username: USER, password }
    : { mechanism, username: USER, password };

it.each(['scram-sha-256', 'scram-sha-512'] as const)('delivers over TLS with %s', async (mechanism) => {
  const topic = `secured-${mechanism}`;
  await cluster.createTopic(topic);
  await allow(cluster, topic);
  const transport = transportTo(topic, scram(mechanism, USERS[USER]));
  const logger = loggerWith(transport);
  for (let n = 0; n < 1_000; n++) logger.info(`${n} secured`);
  await transport.flush();
  await transport.close();
  const numbers = (await numbersIn(cluster.addresses, topic)).flat();
  expect(numbers.toSorted((a, b) => a - b)).toEqual([...Array(1_000).keys()]);
  expectLaw(transport);
});

it.each([
  ['a wrong password', { password: 'wrong-horse' }, /authentication failed/i],
  ['a certificate that nobody vouches for', { ssl: true }, /self-signed certificate/i],
] as const)('%s: one warning that names the cause, and no secret', async (_, wrong, cause) => {
  const topic = 'nobody-gets-there';
  const password = 'password' in wrong ? wrong.password : USERS[USER];
  const sasl = scram('scram-sha-512', password);
  const ssl = 'ssl' in wrong ? true : { ca: [cluster.ca] };
  const transport = transportTo(topic, sasl, {
    kafka: { brokers: cluster.securedAddresses, ssl, sasl },
    closeTimeoutMs: 3_000,
  });
  const warnings: KafkaTransportError[] = [];
  transport.on('warn', (warning: KafkaTransportError) => warnings.push(warning));
  const logger = loggerWith(transport);
  for (const message of numbered(100)) logger.info(message);
  await transport.close();
  const [outage, drops] = warnings;
  expect(warnings.map(({ code }) => code)).toEqual(['ERR_KAFKA_UNREACHABLE', 'ERR_RECORDS_DROPPED']);
  expect(outage?.message).toMatch(cause);
  const shown = [outage?.stack, drops?.stack, JSON.stringify(transport.stats())].join('\n');
  expect(shown).not.toContain(password);
  expect(transport.stats().dropped.closed).toBe(100);
  expectLaw(transport);
});
