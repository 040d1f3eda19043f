// An in-process stand-in for a Kafka cluster, for specs and the demo; it is not a broker. It speaks enough of
// the wire protocol for kafkajs's producer and a consumer of one-member groups, keeps records in memory and
// misbehaves on command.
import { EventEmitter } from 'node:events';
import { isIPv6, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { API_NAMES, type ApiName } from './apis.ts';
import { BrokerNode } from './broker-node.ts';
import type { VersionRanges } from './broker-versions.ts';
import type { BrokerClusterEvents, BrokerClusterOptions, ConnectionEvent } from './cluster-options.ts';
import { Connection } from './connection.ts';
import { type FaultHandle, FaultQueue, type FaultSpec } from './faults.ts';
import { decodeBatch, type StoredBatch, type StoredRecord } from './record-batch.ts';
import type { TopicSettings } from './refusals.ts';
import { ClusterState, type ProduceRequest } from './state.ts';
import type { Partition } from './topics.ts';
import { Watchers } from './watchers.ts';

export type { ApiName } from './apis.ts';
export { ERROR } from './apis.ts';
export type { VersionRange, VersionRanges } from './broker-versions.ts';
export type { BrokerClusterEvents, BrokerClusterOptions, ConnectionEvent } from './cluster-options.ts';
export type { BrokerRequest, FaultAction, FaultHandle, FaultSpec, Moment, Target } from './faults.ts';
export type { StoredBatch, StoredRecord } from './record-batch.ts';
export type { RecordRefusal, TopicSettings } from './refusals.ts';
export type { ProduceRequest, SaslAttempt } from './state.ts';

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
      sasl: options.sasl ?? (options.scram === undefined ? null : () => false),
      scram: options.scram ?? null,
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
    if (options.versions !== undefined) this.versions(options.versions);
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

  /** The versions of Produce that carried what is stored, in ascending order. */
  get produceVersions(): number[] {
    const batches = this.topics().flatMap((topic) => this.batches(topic));
    return [...new Set(batches.map(({ produceVersion }) => produceVersion))].sort((a, b) => a - b);
  }

  /**
   * How many Produce requests arrived at a broker within the throttle time of an answer that it had given that client id. One
   * that was on its way when the answer was written counts too.
   */
  get producesWhileThrottled(): number {
    return this.#state.throttled.early;
  }

  /** How many requests ended their connection, as the broker does not speak their version. */
  get refusedVersions(): number {
    return this.#state.refusedVersions;
  }

  /** What is stored in the topic, as it was sent but for the base offset, in append order; empty for an unknown topic. */
  batches(topic: string): readonly StoredBatch[] {
    return this.#state.topics.get(topic)?.batches ?? [];
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
    this.#partition(topic, partition).moveTo(this.#node(toBroker).id);
  }

  /**
   * From now on the broker (default: each) advertises and answers these versions; APIs that are not named stay as they are, null
   * takes one away. A request in another version ends its connection, as in Kafka. Open connections stay.
   */
  versions(ranges: VersionRanges, broker?: number): void {
    for (const { id } of this.#some(broker)) this.#state.versionsOf(id).set(ranges);
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

  /** Ends everything; rejects when the stand-in itself failed meanwhile (a defect here, or a request body that a client encodes wrongly). */
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
