// A real Apache Kafka with a listener for each way to set it up wrongly: one broker that runs, and one that has gone.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  type Admin,
  Kafka,
  logLevel,
  ResourcePatternTypes,
} from 'kafkajs';
import { freePorts } from '../../../testing/free-ports.ts';
import { BrokerProcess } from './broker-process.ts';
import { makeCertificate, STORE_PASSWORD } from './certificate.ts';
import { kafkaClassPath } from './jars.ts';

const HOST = '127.0.0.1';

/** Who may log in, and their passwords. What each may do is in `RIGHTS`. */
export const USERS = {
  shop: 'correct-horse-battery',
  writer: 'writes-and-no-more',
  reader: 'looks-and-no-more',
  guest: 'may-do-nothing',
};

const { WRITE, READ, DESCRIBE, DESCRIBE_CONFIGS } = AclOperationTypes;

/** `writer` has what the transport needs, `shop` what the check would like to have, too. */
const RIGHTS: readonly (readonly [user: keyof typeof USERS, operations: readonly AclOperationTypes[]])[] = [
  ['shop', [WRITE, READ, DESCRIBE_CONFIGS]],
  ['writer', [WRITE]],
  ['reader', [DESCRIBE]],
];

/** The topics by name: the brokers that have each partition, and settings. Broker 1 goes when they have been made. */
const TOPICS: Readonly<Record<string, readonly [readonly (readonly number[])[], Record<string, string>?]>> = {
  logs: [[[0], [0], [0]]],
  // Otherwise the first group has a broker make it, and may have to wait for that; or it is on the one that goes.
  __consumer_offsets: [[[0]], { 'cleanup.policy': 'compact' }],
  // All of a broker's partitions are gone with it.
  'half-there': [[[0], [1]]],
  'too-few': [[[0, 1]], { 'min.insync.replicas': '2' }],
  'never-enough': [[[0]], { 'min.insync.replicas': '2' }],
  small: [[[0]], { 'max.message.bytes': '100000' }],
  tiny: [[[0]], { 'max.message.bytes': '50' }],
  punctual: [
    [[0]],
    { 'message.timestamp.before.max.ms': '3600000', 'message.timestamp.after.max.ms': '3600000' },
  ],
  stamped: [[[0]], { 'message.timestamp.type': 'LogAppendTime' }],
  'by-time': [[[0], [0], [0]]],
  replayed: [[[0], [0], [0]]],
  compacted: [[[0]], { 'cleanup.policy': 'compact' }],
};

type Listener = 'OPEN' | 'LOST' | 'TLS' | 'EXPIRED' | 'SASL' | 'CONTROLLER';

const PROTOCOLS: Readonly<Record<Listener, string>> = {
  OPEN: 'PLAINTEXT',
  LOST: 'PLAINTEXT',
  TLS: 'SSL',
  EXPIRED: 'SSL',
  SASL: 'SASL_PLAINTEXT',
  CONTROLLER: 'PLAINTEXT',
};

/** A port that nothing listens at. That of the broker that has gone may be somebody else's by now. */
export const NOWHERE = `${HOST}:1`;

export class CheckCluster {
  /** Paths of PEM files: what a client of each listener has to trust. */
  readonly caFiles: Readonly<Record<'TLS' | 'EXPIRED', string>>;
  readonly #directory: string;
  readonly #ports: ReadonlyMap<Listener, number>;
  readonly #broker: BrokerProcess;
  readonly #gone: BrokerProcess;

  private constructor({ caFiles, directory, ports, broker, gone }: Parts) {
    this.caFiles = caFiles;
    this.#directory = directory;
    this.#ports = ports;
    this.#broker = broker;
    this.#gone = gone;
  }

  static async prepare(): Promise<CheckCluster> {
    const directory = await mkdtemp(join(tmpdir(), 'winston-kafkajs-check-'));
    const [classPath, valid, expired, free] = await Promise.all([
      kafkaClassPath(),
      makeCertificate(directory, 'valid'),
      makeCertificate(directory, 'expired', '-10d'),
      freePorts(Object.keys(PROTOCOLS).length + 1),
    ]);
    const caFiles = { TLS: join(directory, 'valid.pem'), EXPIRED: join(directory, 'expired.pem') };
    await Promise.all([writeFile(caFiles.TLS, valid.ca), writeFile(caFiles.EXPIRED, expired.ca)]);
    const ports = new Map(Object.keys(PROTOCOLS).map((name, at) => [name as Listener, free[at] ?? 0]));
    const keyStores = { TLS: valid.keyStore, EXPIRED: expired.keyStore };
    const broker = await brokerOf(
      0,
      ports,
      classPath,
      directory,
      propertiesOf(ports, keyStores, join(directory, '0')),
    );
    const gonePort = free.at(-1) ?? 0;
    const gone = await brokerOf(
      1,
      new Map([['OPEN', gonePort]]),
      classPath,
      directory,
      propertiesOfGone(ports, gonePort, join(directory, '1')),
    );
    const clusterId = randomBytes(16).toString('base64url');
    const parts: [BrokerProcess, Record<string, string>][] = [
      [broker, USERS],
      [gone, {}],
    ];
    await Promise.all(parts.map(([process, users]) => process.format(clusterId, users)));
    return new CheckCluster({ caFiles, directory, ports, broker, gone });
  }

  async start(): Promise<void> {
    await Promise.all([this.#broker.start(), this.#gone.start()]);
    await this.#fill();
  }

  address(listener: Listener): string {
    return `${HOST}:${this.#ports.get(listener)}`;
  }

  async stop(): Promise<void> {
    await Promise.all([this.#broker.end('SIGKILL'), this.#gone.end('SIGKILL')]);
    await rm(this.#directory, { recursive: true });
  }

  /** Calls with an admin client that is closed afterwards. */
  async admin<Result>(fn: (admin: Admin) => Promise<Result>): Promise<Result> {
    const brokers = [this.address('OPEN')];
    const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { retries: 10 } }).admin();
    await admin.connect();
    try {
      return await fn(admin);
    } finally {
      await admin.disconnect();
    }
  }

  /** Makes topics and rights, and takes the second broker away. */
  async #fill(): Promise<void> {
    await this.admin(async (admin) => {
      await until(async () => (await admin.describeCluster()).brokers.length === 2);
      const topics = Object.entries(TOPICS).map(([topic, [replicas, config = {}]]) => ({
        topic,
        numPartitions: -1,
        replicationFactor: -1,
        replicaAssignment: replicas.map((ids, partition) => ({ partition, replicas: [...ids] })),
        configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
      }));
      await admin.createTopics({ waitForLeaders: false, topics });
      const acl = RIGHTS.flatMap(([user, operations]) => aclsOf(user, operations));
      await admin.createAcls({ acl });
    });
    await this.#gone.end('SIGTERM');
    await this.admin((admin) =>
      until(async () => {
        // Not of `half-there`, of which kafkajs tells nothing: a partition without a leader is an error to it.
        const { topics } = await admin.fetchTopicMetadata({ topics: ['too-few'] });
        return topics[0]?.partitions[0]?.isr.length === 1;
      }),
    );
  }
}

interface Parts {
  readonly caFiles: CheckCluster['caFiles'];
  readonly directory: string;
  readonly ports: ReadonlyMap<Listener, number>;
  readonly broker: BrokerProcess;
  readonly gone: BrokerProcess;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await isSo().catch(() => false)) return;
    await delay(100);
  }
  throw new Error('the cluster did not settle');
}

const aclsOf = (user: string, operations: readonly AclOperationTypes[]) =>
  operations.flatMap((operation) => {
    const right = {
      principal: `User:${user}`,
      host: '*',
      operation,
      permissionType: AclPermissionTypes.ALLOW,
    };
    const topics = {
      ...right,
      resourceType: AclResourceTypes.TOPIC,
      resourceName: '*',
      resourcePatternType: ResourcePatternTypes.LITERAL,
    };
    const groups = {
      ...right,
      resourceType: AclResourceTypes.GROUP,
      resourceName: 'winston-kafkajs-',
      resourcePatternType: ResourcePatternTypes.PREFIXED,
    };
    return operation === READ ? [topics, groups] : [topics];
  });

async function brokerOf(
  id: number,
  ports: ReadonlyMap<Listener, number>,
  classPath: string,
  parent: string,
  properties: Readonly<Record<string, string>>,
): Promise<BrokerProcess> {
  const directory = join(parent, String(id));
  await mkdir(directory);
  const port = ports.get('OPEN') ?? 0;
  return new BrokerProcess({ id, host: HOST, port, directory, classPath, properties });
}

const PLAIN_MODULE = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
const SCRAM_MODULE = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';

/** What both brokers have. */
function commonProperties(ports: ReadonlyMap<Listener, number>, directory: string): Record<string, string> {
  const map = Object.entries(PROTOCOLS).map((entry) => entry.join(':'));
  return {
    'controller.quorum.voters': `0@${HOST}:${ports.get('CONTROLLER')}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': map.join(','),
    'inter.broker.listener.name': 'OPEN',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    // The brokers among themselves, and the clients of listeners without SASL.
    'super.users': 'User:ANONYMOUS',
    'log.dirs': join(directory, 'data'),
    'auto.create.topics.enable': 'false',
    'offsets.topic.num.partitions': '1',
    'offsets.topic.replication.factor': '1',
    'group.initial.rebalance.delay.ms': '0',
  };
}

function propertiesOf(
  ports: ReadonlyMap<Listener, number>,
  keyStores: Readonly<Record<'TLS' | 'EXPIRED', string>>,
  directory: string,
): Record<string, string> {
  const listeners = [...ports].map(([name, port]) => [name, `${HOST}:${port}`] as const);
  const urls = (list: readonly (readonly [string, string])[]): string =>
    list.map(([name, address]) => `${name}://${address}`).join(',');
  const advertised = listeners
    .filter(([name]) => name !== 'CONTROLLER')
    .map(([name, address]) => [name, name === 'LOST' ? NOWHERE : address] as const);
  const users = Object.entries(USERS).map(([name, password]) => `user_${name}="${password}"`);
  const ssl = Object.entries(keyStores).flatMap(([name, path]) => [
    [`listener.name.${name.toLowerCase()}.ssl.keystore.location`, path],
    [`listener.name.${name.toLowerCase()}.ssl.keystore.type`, 'PKCS12'],
    [`listener.name.${name.toLowerCase()}.ssl.keystore.password`, STORE_PASSWORD],
  ]);
  return {
    ...commonProperties(ports, directory),
    'process.roles': 'broker,controller',
    'node.id': '0',
    listeners: urls(listeners),
    'advertised.listeners': urls(advertised),
    'listener.name.sasl.sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-512',
    'listener.name.sasl.plain.sasl.jaas.config': `${PLAIN_MODULE} ${users.join(' ')};`,
    'listener.name.sasl.scram-sha-512.sasl.jaas.config': SCRAM_MODULE,
    ...Object.fromEntries(ssl),
  };
}

function propertiesOfGone(
  ports: ReadonlyMap<Listener, number>,
  port: number,
  directory: string,
): Record<string, string> {
  return {
    ...commonProperties(ports, directory),
    'process.roles': 'broker',
    'node.id': '1',
    listeners: `OPEN://${HOST}:${port}`,
    'advertised.listeners': `OPEN://${HOST}:${port}`,
  };
}
