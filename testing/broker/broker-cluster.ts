// An in-process stand-in for a Kafka cluster, for specs and the demo; it is not a broker. It speaks enough of
// the wire protocol for kafkajs's producer and a consumer of one-member groups, keeps records in memory and
// misbehaves on command.
import { EventEmitter } from 'node:events';
import { isIPv6, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { API_NAMES, type ApiName } from './apis.ts';
import { BrokerNode } from './broker-node.ts';
import { Connection } from './connection.ts';
import { type BrokerRequest, type FaultHandle, FaultQueue, type FaultSpec } from './faults.ts';
import { decodeBatch, type StoredBatch, type StoredRecord } from './record-batch.ts';
import { ClusterState, type ProduceRequest, type SaslAttempt } from './state.ts';
import type { Partition, TopicSettings } from './topics.ts';
import { Watchers } from './watchers.ts';

export type { ApiName } from './apis.ts';
export { ERROR } from './apis.ts';
export type { BrokerRequest, FaultAction, FaultHandle, FaultSpec, Moment, Target } from './faults.ts';
export type { StoredRecord } from './record-batch.ts';
export type { ProduceRequest, SaslAttempt } from './state.ts';

export interface BrokerClusterOptions {
  /** Default 1; their ids are 0, 1, ... in the order of `addresses`. */
  readonly brokers?: number;
  /** The loopback address that they listen at and advertise. Default 127.0.0.1. */
  readonly host?: '127.0.0.1' | '::1';
  /** Partitions per topic; partition p is led by broker p modulo brokers. */
  readonly topics?: Readonly<Record<string, number>>;
  /** Whether Metadata creates topics, and with how many partitions (true: 1). Default false. */
  readonly autoCreate?: boolean | number;
  /** Default 1048588, as in Kafka. */
  readonly maxMessageBytes?: number;
  /** Makes authentication mandatory; says whether an attempt succeeds. */
  readonly sasl?: (attempt: SaslAttempt) => boolean | string;
  /** After this, a connection must have authenticated again. Default 0: never. */
  readonly saslSessionLifetimeMs?: number;
  /** Where Metadata says that a broker is (`advertised.listeners`); nothing: where it listens. */
  readonly advertised?: (broker: number) => { host: string; port: number } | undefined;
  /** PEM; makes every broker a TLS listener. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface ConnectionEvent {
  readonly broker: number;
  readonly id: number;
}

export interface BrokerClusterEvents {
  append: [StoredRecord & { readonly topic: string }];
  request: [BrokerRequest];
  connection: [ConnectionEvent];
  disconnection: [ConnectionEvent];
}

const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;
const DEFAULT_UNTIL_MS = 5_000;

export class BrokerCluster extends EventEmitter<BrokerClusterEvents> {
  /** While true, new connections are accepted and stay mute for good, and requests on old ones are swallowed. */
  silentConnections = false;
  /** How many connections were ever accepted. */
  connectionsEver = 0;
  /** How many requests arrived, per API. */
  readonly requests = Object.fromEntries(API_NAMES.map((name) => [name, 0])) as Record<ApiName, number>;
  readonly #state: ClusterState;
  readonly #nodes: BrokerNode[] = [];
  readonly #faults = new FaultQueue();
  readonly #watchers = new Watchers();
  readonly #failures: unknown[] = [];
  readonly #secureContext: ReturnType<typeof createSecureContext> | null;

  private constructor(options: BrokerClusterOptions) {
    super();
    this.setMaxListeners(0);
    const { brokers = 1, autoCreate = false } = options;
    this.#state = new ClusterState({
      brokers,
      autoCreatePartitions: Number(autoCreate),
      maxMessageBytes: options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES,
      sasl: options.sasl ?? null,
      saslSessionLifetimeMs: options.saslSessionLifetimeMs ?? 0,
      advertised: options.advertised ?? (() => undefined),
    });
    this.#secureContext = options.tls === undefined ? null : createSecureContext(options.tls);
    for (const [topic, partitions] of Object.entries(options.topics ?? {}))
      this.createTopic(topic, partitions);
    for (let id = 0; id < brokers; id += 1) {
      this.#nodes.push(
        new BrokerNode(id, options.host ?? '127.0.0.1', (socket, signal) => this.#accept(id, socket, signal)),
      );
    }
    this.#state.nodes = this.#nodes;
    this.#state.appends.on('stored', (batch) => this.#stored(batch));
  }

  static async start(options: BrokerClusterOptions = {}): Promise<BrokerCluster> {
    const cluster = new BrokerCluster(options);
    await cluster.up();
    return cluster;
  }

  get addresses(): string[] {
    return this.#nodes.map(({ host, port }) => `${isIPv6(host) ? `[${host}]` : host}:${port}`);
  }

  /** How many sockets are open now. */
  get connections(): number {
    return this.#nodes.reduce((sum, node) => sum + node.sockets.size, 0);
  }

  /** One entry per partition of every Produce request, in the order of their ends. */
  get produceRequests(): readonly ProduceRequest[] {
    return this.#state.produceRequests;
  }

  /** Everything stored in the topic, in append order; empty for an unknown topic. */
  records(topic: string): StoredRecord[] {
    return this.#state.topics.get(topic)?.records() ?? [];
  }

  values(topic: string): string[] {
    return this.records(topic).map(({ value }) => value.toString('utf8'));
  }

  /** How many records the topic holds, without reading them: for until() and benchmarks. */
  count(topic: string): number {
    return this.#state.topics.get(topic)?.count ?? 0;
  }

  topics(): string[] {
    return this.#state.topics.names();
  }

  createTopic(topic: string, partitions: number): void {
    this.#state.topics.create(topic, partitions);
  }

  /** From now on the topic refuses what these settings forbid. */
  configureTopic(topic: string, settings: TopicSettings): void {
    const found = this.#state.topics.get(topic);
    if (found === undefined) throw new Error(`No topic ${topic}`);
    found.settings = settings;
  }

  deleteTopic(topic: string): void {
    this.#state.topics.delete(topic);
  }

  addPartitions(topic: string, total: number): void {
    this.#state.topics.addPartitions(topic, total);
  }

  leaderOf(topic: string, partition: number): number {
    return this.#partition(topic, partition).leader;
  }

  /** From now on the old leader answers NOT_LEADER_OR_FOLLOWER for the partition. */
  moveLeader(topic: string, partition: number, toBroker: number): void {
    this.#partition(topic, partition).leader = this.#node(toBroker).id;
  }

  /** Stops listening and destroys the sockets, of one broker or of all. Data and leaders stay. */
  async down(broker?: number): Promise<void> {
    await Promise.all(this.#some(broker).map((node) => node.down()));
  }

  /** Listens again on the same port. */
  async up(broker?: number): Promise<void> {
    await Promise.all(this.#some(broker).map((node) => node.up()));
  }

  inject(fault: FaultSpec): FaultHandle {
    return this.#faults.add(fault);
  }

  /** Resolves once the predicate holds; it is asked at once and after every request, append and connection. */
  until(predicate: () => boolean, timeoutMs = DEFAULT_UNTIL_MS): Promise<void> {
    return this.#watchers.until(predicate, timeoutMs, () => this.#summary());
  }

  /** Ends everything; rejects when the stand-in itself failed meanwhile (a defect here, never a client's). */
  async stop(): Promise<void> {
    this.#watchers.rejectAll(new Error('The broker cluster was stopped'));
    await this.down();
    if (this.#failures.length > 0) throw new AggregateError(this.#failures, 'The Kafka stand-in failed');
  }

  #accept(broker: number, raw: Socket, signal: AbortSignal): void {
    this.connectionsEver += 1;
    const event = { broker, id: this.connectionsEver };
    raw.once('close', () => {
      this.emit('disconnection', event);
      this.#watchers.changed();
    });
    if (this.silentConnections) raw.resume();
    else this.#serve(event, raw, signal);
    this.emit('connection', event);
    this.#watchers.changed();
  }

  #serve({ broker, id }: ConnectionEvent, raw: Socket, signal: AbortSignal): void {
    const secureContext = this.#secureContext;
    const socket = secureContext === null ? raw : new TLSSocket(raw, { isServer: true, secureContext });
    // A client that refuses the certificate ends the handshake with an error here; the connection closes anyway.
    if (socket !== raw) socket.on('error', () => raw.destroy());
    new Connection({
      id,
      broker,
      socket,
      signal,
      state: this.#state,
      isSilent: () => this.silentConnections,
      judge: (request) => {
        this.requests[request.api] += 1;
        this.emit('request', request);
        const effect = this.#faults.judge(request);
        this.#watchers.changed();
        return effect;
      },
      changed: () => this.#watchers.changed(),
      failed: (error) => this.#failures.push(error),
    });
  }

  #stored(batch: StoredBatch): void {
    // Decoded for listeners only: nobody listens in a benchmark.
    if (this.listenerCount('append') > 0) {
      for (const record of decodeBatch(batch)) this.emit('append', { ...record, topic: batch.topic });
    }
    this.#watchers.changed();
  }

  #partition(topic: string, partition: number): Partition {
    const found = this.#state.topics.partition(topic, partition);
    if (found === undefined) throw new Error(`No partition ${partition} of topic ${topic}`);
    return found;
  }

  #node(id: number): BrokerNode {
    const node = this.#nodes[id];
    if (node === undefined) throw new Error(`No broker ${id}`);
    return node;
  }

  #some(broker: number | undefined): BrokerNode[] {
    return broker === undefined ? this.#nodes : [this.#node(broker)];
  }

  #summary(): string {
    const asked = Object.entries(this.requests).filter(([, count]) => count > 0);
    const stored = this.topics().map((topic) => [topic, this.count(topic)]);
    return (
      `requests ${JSON.stringify(Object.fromEntries(asked))}, ` +
      `stored ${JSON.stringify(Object.fromEntries(stored))}, connections ${this.connections}`
    );
  }
}
