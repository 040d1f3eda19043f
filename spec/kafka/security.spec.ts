// TLS, SCRAM and ACLs as a real Kafka has them.
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  type Admin,
  ResourcePatternTypes,
} from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  KafkaTransport,
  type KafkaTransportError,
  type KafkaTransportOptions,
  type Undelivered,
} from '../../lib/index.ts';
import { expectLaw, loggerWith, numbered } from '../support/harness.ts';
import { numbersIn } from './support/read-back.ts';
import { RealCluster, USERS } from './support/real-cluster.ts';

const USER = 'shop';
let cluster: RealCluster;

beforeAll(async () => {
  cluster = await RealCluster.prepare();
  await cluster.start();
});

afterAll(() => cluster.stop());

const aclOf = (topic: string, operation: AclOperationTypes) => ({
  resourceType: AclResourceTypes.TOPIC,
  resourceName: topic,
  resourcePatternType: ResourcePatternTypes.LITERAL,
  principal: `User:${USER}`,
  host: '*',
  operation,
  permissionType: AclPermissionTypes.ALLOW,
});

const RIGHTS = [AclOperationTypes.WRITE, AclOperationTypes.DESCRIBE];

async function allow(topic: string): Promise<void> {
  await cluster.admin((admin: Admin) =>
    admin.createAcls({ acl: RIGHTS.map((right) => aclOf(topic, right)) }),
  );
}

async function forbid(topic: string): Promise<void> {
  const filters = RIGHTS.map((right) => aclOf(topic, right));
  await cluster.admin((admin: Admin) => admin.deleteAcls({ filters }));
}

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
  await allow(topic);
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

it('an ACL withdrawn and given back: what was refused is handed on, all else arrives, in order', async () => {
  const topic = 'acl-withdrawn';
  await cluster.createTopic(topic, { partitions: 1 });
  await allow(topic);
  const handedOn: Undelivered[] = [];
  const transport = transportTo(topic, scram('scram-sha-256', USERS[USER]), {
    fallback: (undelivered) => void handedOn.push(undelivered),
    dropNotice: false,
  });
  const logger = loggerWith(transport);
  const log = async (from: number, to: number): Promise<void> => {
    for (let n = from; n < to; n++) logger.info(`${n} under an ACL`);
    await transport.flush();
  };
  await log(0, 500);
  await forbid(topic);
  // The brokers learn of it one after the other: until then records still get through.
  let logged = 500;
  while (handedOn.length === 0) {
    await log(logged, logged + 10);
    logged += 10;
  }
  await allow(topic);
  for (let handed = -1; handed < handedOn.length; ) {
    handed = handedOn.length;
    await log(logged, logged + 50);
    logged += 50;
  }
  await transport.close();
  expect(new Set(handedOn.map(({ reason }) => reason))).toEqual(new Set(['rejected']));
  const missing = new Set(handedOn.map(({ message }) => Number.parseInt(message, 10)));
  const expected = [...Array(logged).keys()].filter((n) => !missing.has(n));
  expect((await numbersIn(cluster.addresses, topic)).flat()).toEqual(expected);
  expectLaw(transport);
});
