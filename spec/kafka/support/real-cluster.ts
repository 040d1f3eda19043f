// A real Apache Kafka on loopback, of three brokers unless told otherwise, which can be killed, frozen and rolled; or the
// one that is there.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { freePorts } from '../../../testing/free-ports.ts';
import { BrokerProcess } from './broker-process.ts';
import { type Certificate, makeCertificate, STORE_PASSWORD } from './certificate.ts';
import { kafkaClassPath } from './jars.ts';

const HOST = '127.0.0.1';
const BROKERS = 3;
const MIN_IN_SYNC = 2;

/** Who may log in, with SCRAM or PLAIN, and their passwords. They may do nothing until an ACL says so. */
export const USERS = { shop: 'correct-horse-battery' };

export interface TopicOptions {
  readonly partitions?: number;
  readonly config?: Readonly<Record<string, string>>;
}

export class RealCluster {
  /** PEM: what a client of the secured listeners has to trust. */
  readonly ca: string;
  /** Of the listeners with TLS and SASL. */
  readonly securedAddresses: string[];
  readonly addresses: readonly string[];
  readonly #directory: string | undefined;
  readonly #brokers: readonly BrokerProcess[];

  private constructor({ addresses, directory, brokers = [], securedPorts = [], ca = '' }: Parts) {
    this.addresses = addresses;
    this.#directory = directory;
    this.ca = ca;
    this.securedAddresses = securedPorts.map((port) => `${HOST}:${port}`);
    this.#brokers = brokers;
  }

  /**
   * Prepared, not started; or, with `KAFKA_BROKERS=host:port,…`, what is there.
   *
   * @param version of Kafka; by default that of pom.xml
   */
  static async prepare(count = BROKERS, version?: string): Promise<RealCluster> {
    const { KAFKA_BROKERS } = process.env;
    if (KAFKA_BROKERS !== undefined) return new RealCluster({ addresses: KAFKA_BROKERS.split(',') });
    const classPath = await kafkaClassPath(version);
    const directory = await mkdtemp(join(tmpdir(), 'winston-kafkajs-kafka-'));
    const ports = await freePorts(3 * count);
    const certificate = await makeCertificate(directory);
    const brokers: BrokerProcess[] = [];
    for (let id = 0; id < count; id++) {
      const own = join(directory, `broker-${id}`);
      await mkdir(own);
      const properties = propertiesOf(id, ports, own, certificate);
      brokers.push(
        new BrokerProcess({ id, host: HOST, port: ports[id] ?? 0, directory: own, classPath, properties }),
      );
    }
    const clusterId = makeClusterId();
    await Promise.all(brokers.map((broker) => broker.format(clusterId, USERS)));
    const addresses = brokers.map(({ address }) => address);
    const securedPorts = ports.slice(2 * count);
    return new RealCluster({ addresses, directory, brokers, securedPorts, ca: certificate.ca });
  }

  /** Whether its brokers are ours to stop. */
  get isOwn(): boolean {
    return this.#brokers.length > 0;
  }

  /** Starts one, or all. */
  async start(id?: number): Promise<void> {
    await Promise.all(this.#some(id).map((broker) => broker.start()));
    if (id === undefined) await this.settled();
  }

  /** Ends one in good order, and starts it again as another version of Kafka. */
  async upgrade(id: number, version: string): Promise<void> {
    const classPath = await kafkaClassPath(version);
    await this.term(id);
    for (const broker of this.#some(id)) broker.classPath = classPath;
    await this.start(id);
  }

  async term(id?: number): Promise<void> {
    await Promise.all(this.#some(id).map((broker) => broker.end('SIGTERM')));
  }

  async kill(id?: number): Promise<void> {
    await Promise.all(this.#some(id).map((broker) => broker.end('SIGKILL')));
  }

  freeze(id: number): void {
    for (const broker of this.#some(id)) broker.freeze();
  }

  thaw(id: number): void {
    for (const broker of this.#some(id)) broker.thaw();
  }

  async stop(): Promise<void> {
    await this.kill();
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true });
  }

  /** Has each broker throttle a client that sends more than so many bytes a second; nothing: as much as it likes. */
  async limit(clientId: string, bytesPerSecond: number | undefined): Promise<void> {
    const quota = 'producer_byte_rate';
    const change =
      bytesPerSecond === undefined
        ? ['--delete-config', quota]
        : ['--add-config', `${quota}=${bytesPerSecond}`];
    const about = ['--bootstrap-server', this.addresses.join(','), '--entity-type', 'clients'];
    const args = ['--alter', ...about, '--entity-name', clientId, ...change];
    await this.#brokers[0]?.runTool(['kafka.admin.ConfigCommand', ...args]);
  }

  /** Calls with an admin client that is closed afterwards. */
  async admin<Result>(fn: (admin: Admin) => Promise<Result>): Promise<Result> {
    const kafka = new Kafka({
      brokers: [...this.addresses],
      logLevel: logLevel.NOTHING,
      retry: { retries: 10 },
    });
    const admin = kafka.admin();
    await admin.connect();
    try {
      return await fn(admin);
    } finally {
      await admin.disconnect();
    }
  }

  async createTopic(topic: string, { partitions = 3, config = {} }: TopicOptions = {}): Promise<void> {
    const replicas = this.#brokers.length;
    const minInSync = String(Math.min(MIN_IN_SYNC, replicas));
    const entries = this.isOwn ? { 'min.insync.replicas': minInSync, ...config } : config;
    await this.admin((admin) =>
      admin.createTopics({
        // `settled` waits for them: kafkajs fails where not all brokers know of the topic yet.
        waitForLeaders: false,
        topics: [
          {
            topic,
            numPartitions: partitions,
            replicationFactor: this.isOwn ? replicas : -1,
            configEntries: Object.entries(entries).map(([name, value]) => ({ name, value })),
          },
        ],
      }),
    );
    await this.settled(topic);
  }

  /** The broker that leads a partition now. */
  async leaderOf(topic: string, partition: number): Promise<number> {
    const { topics } = await this.admin((admin) => admin.fetchTopicMetadata({ topics: [topic] }));
    return topics[0]?.partitions.find(({ partitionId }) => partitionId === partition)?.leader ?? -1;
  }

  /** Resolves when all brokers are known, and all replicas of the topic are in sync. */
  async settled(topic?: string): Promise<void> {
    for (let attempt = 0; attempt < 300; attempt++) {
      if (await this.#isSettled(topic).catch(() => false)) return;
      await delay(200);
    }
    throw new Error(`the cluster did not settle${topic === undefined ? '' : ` (topic ${topic})`}`);
  }

  async #isSettled(topic: string | undefined): Promise<boolean> {
    return await this.admin(async (admin) => {
      const { brokers } = await admin.describeCluster();
      if (brokers.length < this.#brokers.length) return false;
      if (topic === undefined) return true;
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const partitions = topics[0]?.partitions ?? [];
      return partitions.length > 0 && partitions.every(({ isr, replicas }) => isr.length === replicas.length);
    });
  }

  #some(id: number | undefined): readonly BrokerProcess[] {
    return id === undefined ? this.#brokers : this.#brokers.slice(id, id + 1);
  }
}

/** One that begins with `-` Kafka's tools take for an option, so the highest bit is 0. */
function makeClusterId(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8(bytes.readUInt8(0) & 0x7f, 0);
  return bytes.toString('base64url');
}

interface Parts {
  readonly addresses: readonly string[];
  readonly directory?: string;
  readonly brokers?: readonly BrokerProcess[];
  readonly securedPorts?: readonly number[];
  readonly ca?: string;
}

const SCRAM_MODULE = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
const PLAIN_MODULE = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
const PLAIN_USERS = Object.entries(USERS).map(([name, password]) => `user_${name}="${password}"`);

/** How long a session lasts that began with PLAIN: a client has to authenticate again before that. */
export const PLAIN_SESSION_MS = 4_000;

function propertiesOf(
  id: number,
  ports: readonly number[],
  directory: string,
  { keyStore }: Certificate,
): Record<string, string> {
  const count = ports.length / 3;
  const open = `PLAINTEXT://${HOST}:${ports[id]}`;
  const secured = `SASL_SSL://${HOST}:${ports[2 * count + id]}`;
  const controllerPort = (at: number): number => ports[count + at] ?? 0;
  const voters = Array.from({ length: count }, (_, at) => `${at}@${HOST}:${controllerPort(at)}`);
  return {
    'process.roles': 'broker,controller',
    'node.id': String(id),
    'controller.quorum.voters': voters.join(','),
    listeners: `${open},${secured},CONTROLLER://${HOST}:${controllerPort(id)}`,
    'advertised.listeners': `${open},${secured}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL',
    'inter.broker.listener.name': 'PLAINTEXT',
    'sasl.enabled.mechanisms': 'SCRAM-SHA-256,SCRAM-SHA-512,PLAIN',
    'ssl.keystore.location': keyStore,
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.password': STORE_PASSWORD,
    'listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config': SCRAM_MODULE,
    'listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config': SCRAM_MODULE,
    'listener.name.sasl_ssl.plain.sasl.jaas.config': `${PLAIN_MODULE} ${PLAIN_USERS.join(' ')};`,
    'listener.name.sasl_ssl.plain.connections.max.reauth.ms': String(PLAIN_SESSION_MS),
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    // The brokers among themselves and the specs' admin, on the open listeners.
    'super.users': 'User:ANONYMOUS',
    'log.dirs': join(directory, 'data'),
    'auto.create.topics.enable': 'false',
    'offsets.topic.num.partitions': '3',
    'offsets.topic.replication.factor': String(count),
    'group.initial.rebalance.delay.ms': '0',
    // A broker that is killed or frozen is to be missed within seconds, as the table has ten of them.
    'broker.heartbeat.interval.ms': '500',
    'broker.session.timeout.ms': '3000',
    'replica.lag.time.max.ms': '5000',
  };
}
