// What is leaned on of kafkajs 2.2.4 beyond what it promises, each with the line of its source that forces it. Where kafkajs is
// another one, each leaves it as it is; spec/clients/kafkajs/workarounds.spec.ts and its neighbours fail the day it changes.
import * as nodeModule from 'node:module';
import { isIP, connect as netConnect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { ISocketFactoryArgs } from 'kafkajs';
import { requestOf } from '../../protocol/request.ts';
import { tls } from '../../util/node-modules.ts';

// kafkajs refuses an idempotent producer with less than 1 retry (producer/index.js: `retries < 1`). But its retry inside
// a send may succeed after the send was given up here, and the batch would go again under new sequence numbers. NaN
// passes that check, and allows no retry (retry/index.js: `retryCount < retries`).
export const NO_RETRIES: number = Number.NaN;
// What it has to say about that, once a client; the retries are the sender's.
export const LIMITED_RETRIES: string = 'Limiting retries for the idempotent producer';

// How long before a SASL session ends kafkajs authenticates anew, in milliseconds. Its own 10 s
// (network/connection.js, `reauthenticationThreshold`) is at every request where a session is shorter than that, and
// Kafka refuses to begin twice within 1 s (KafkaChannel.java, MIN_REAUTH_INTERVAL_ONE_SECOND_NANOS): nothing would be
// delivered. How long a session is only kafkajs's connection knows. 1 s is enough for a request to arrive; one that comes
// too late costs a closed connection and a retry. So sessions may be as short as 2 s.
export const REAUTHENTICATION_MS: number = 1_000;

type Group<Message, Groups> = (groups: Groups, message: Message, at: number, all: Message[]) => Groups;

/**
 * Messages that all go to one partition, for kafkajs to group them at once. By itself it copies the group anew for each of
 * them (producer/groupMessagesPerPartition.js of 2.2.4: `[...current, message]`): with 500 a send, a tenth of all that it
 * does. A kafkajs that goes about it in another way finds an array like any other.
 */
export function asOneGroup<Message>(messages: Message[]): Message[] {
  const reduce = <Groups extends object>(group: Group<Message, Groups>, none: Groups): Groups =>
    groupAtOnce(messages, group, none, messages);
  return Object.defineProperty(messages, 'reduce', { value: reduce });
}

/**
 * Groups the first message, and puts all of them in its place.
 *
 * @param all what is put in its place
 */
export function groupAtOnce<Message, Groups extends object>(
  [first]: readonly Message[],
  group: Group<Message, Groups>,
  none: Groups,
  all: Message[],
): Groups {
  if (first === undefined) return none;
  const groups = group(none, first, 0, all);
  const [entry] = Object.entries(groups) as [string, unknown][];
  const isGrouped = Array.isArray(entry?.[1]) && entry[1].length === 1 && entry[1][0] === first;
  if (entry === undefined || !isGrouped) return [...all].slice(1).reduce(group as never, groups);
  return Object.assign(groups, { [entry[0]]: all });
}

/** The same socket as kafkajs's own factory makes, which it does not export (network/socketFactory.js). */
export function defaultSocket({ host, port, ssl, onConnect }: ISocketFactoryArgs): Socket {
  const socket = ssl
    ? tls().connect({ host, port, ...(isIP(host) === 0 && { servername: host }), ...ssl }, onConnect)
    : netConnect({ host, port }, onConnect);
  return socket.setKeepAlive(true, 60_000);
}

/**
 * Has repeated calls of `unref` add one listener at most. kafkajs calls it with every `disconnect`
 * (network/connection.js: `this.socket.end(); this.socket.unref()`), and disconnects a broker that it cannot reach with
 * every attempt. On a socket without a handle, not yet connected or destroyed, Node's `unref` is `once('connect', unref)`
 * (lib/net.js): from the eleventh on Node warns of a leak, with a MaxListenersExceededWarning on stderr.
 */
export function unrefOnce(socket: Socket): void {
  const { unref } = socket;
  // A socket factory of the caller's may answer with any kind of stream.
  if (typeof unref !== 'function') return;
  socket.unref = (): Socket => {
    // Node has added this very function, because it looks it up on the socket.
    socket.off('connect', socket.unref);
    // It will not connect any more, and holds nothing up.
    return socket.destroyed ? socket : unref.call(socket);
  };
}

type SetTimeout = (fn: unknown, ms?: unknown, ...rest: unknown[]) => unknown;

// In the callback of kafkajs's timer, and nowhere else (network/requestQueue/index.js, `scheduleCheckPendingRequests`).
const ITS_MARK = 'throttleCheckTimeoutId';

/** The last function that stood in for another, and that other. One that was faked makes place for the next. */
let latest: { original: SetTimeout; standIn: SetTimeout } | undefined;

/**
 * Has kafkajs leave out a timer that has nothing to do. After each answer its request queue arms one, for requests that a
 * broker's quota holds back. Without any, the delay is minus the time since 1970: Node makes 1 ms of it, with a
 * `TimeoutNegativeWarning` from Node 24 on (tulios/kafkajs#1751), and the callback arms the next. So an open connection
 * costs a thousand timers a second, and where a test lets faked time pass, an hour of it takes minutes, or for ever.
 *
 * The queue is reached by nothing that kafkajs exports, but it arms that timer in the course of the socket's `data` event.
 * Only for so long, and only for this timer, does the global `setTimeout` do nothing. It returns `undefined`, from which
 * the queue takes it that none is armed. Once a quota has held a request back the timer comes from elsewhere: then that
 * connection polls as before.
 */
export function withoutPolling(socket: Socket): Socket {
  const emit = socket.emit as (event: string, ...args: unknown[]) => boolean;
  return Object.assign(socket, {
    emit: (event: string, ...args: unknown[]): boolean => {
      const run = (): boolean => Reflect.apply(emit, socket, [event, ...args]);
      return event === 'data' ? withStandIn(run) : run();
    },
  });
}

function withStandIn<Result>(run: () => Result): Result {
  const original: unknown = Reflect.get(globalThis, 'setTimeout');
  const property = Object.getOwnPropertyDescriptor(globalThis, 'setTimeout');
  // Frozen globals stay as they are: then it polls.
  if (typeof original !== 'function' || property?.configurable !== true) return run();
  if (latest?.original !== original) {
    latest = { original: original as SetTimeout, standIn: standInFor(original as SetTimeout) };
  }
  Object.defineProperty(globalThis, 'setTimeout', {
    configurable: true,
    enumerable: property.enumerable ?? true,
    writable: true,
    value: latest.standIn,
  });
  try {
    return run();
  } finally {
    Object.defineProperty(globalThis, 'setTimeout', property);
  }
}

function standInFor(original: SetTimeout): SetTimeout {
  const standIn: SetTimeout = (fn, ms, ...rest) =>
    isPoll(fn, ms) ? undefined : Reflect.apply(original, globalThis, [fn, ms, ...rest]);
  // With what it bears, such as the symbol of `util.promisify`.
  return Object.defineProperties(standIn, Object.getOwnPropertyDescriptors(original));
}

function isPoll(fn: unknown, ms: unknown): boolean {
  return (
    Number(ms) <= 0 && typeof fn === 'function' && Function.prototype.toString.call(fn).includes(ITS_MARK)
  );
}

type Version = (options: unknown) => { request: unknown };

interface Definition {
  readonly versions: readonly string[];
  protocol(wanted: { version: number | string }): Version;
}

// What kafkajs 2.2.4 keeps its requests in (src/protocol/requests/index.js), by name and folder: those of a producer.
const REQUESTS = 'kafkajs/src/protocol/requests';
const FOLDERS = {
  ApiVersions: 'apiVersions',
  Metadata: 'metadata',
  Produce: 'produce',
  InitProducerId: 'initProducerId',
  SaslHandshake: 'saslHandshake',
  SaslAuthenticate: 'saslAuthenticate',
} as const;

/** The requests that have been seen to: a test file may make many transports. */
const seenTo = new WeakSet<object>();

/**
 * Has kafkajs load ahead, under Jest, what it would load when it sends. Each of its requests calls `require` for its two
 * files, every time (src/protocol/requests/produce/index.js). Jest refuses that once a test file has ended, also for what
 * is loaded, and sets the exit code to 1 (jest-runtime, `requireModuleOrMock`): the suite would have passed, and fail for a
 * record that was still on its way. Only the newest version of each request is kept, which every broker since Kafka 1.0 has.
 *
 * Takes 6 to 9 ms of a test file, when it makes its first transport (Node 20). Outside of Jest it does nothing.
 */
export function loadAheadUnderJest(): void {
  if (process.env.JEST_WORKER_ID === undefined) return;
  try {
    // Not by its name: webpack follows that, and warns of paths which it cannot tell.
    const createRequire = Reflect.get(nodeModule, 'createRequire') as typeof nodeModule.createRequire;
    const load = createRequire(typeof __filename === 'string' ? __filename : join(process.cwd(), 'any'));
    const { requests } = load(`${REQUESTS}/index.js`) as { requests: Record<string, Definition> };
    if (seenTo.has(requests)) return;
    seenTo.add(requests);
    for (const [name, folder] of Object.entries(FOLDERS)) {
      const definition = requests[name];
      if (definition !== undefined) keepNewest(definition, `${REQUESTS}/${folder}`, load);
    }
  } catch {
    // A kafkajs that is laid out in another way, or a stand-in for it: it is left as it is.
  }
}

function keepNewest(definition: Definition, folder: string, load: (path: string) => unknown): void {
  const newest = definition.versions.at(-1);
  if (newest === undefined) return;
  const protocol = definition.protocol.bind(definition);
  const makeRequest = load(`${folder}/v${newest}/request`) as (options: unknown) => unknown;
  // Once in its own way, for what it says beside the request.
  const sample = protocol({ version: newest })({});
  const kept: Version = (options) => ({ ...sample, request: makeRequest(options) });
  definition.protocol = (wanted) => (String(wanted.version) === newest ? kept : protocol(wanted));
}

/** What kafkajs's broker is asked to produce (broker/index.js, `produce`). */
export interface KafkajsProduce {
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number | string;
      readonly messages: readonly unknown[];
      readonly firstSequence: number;
    }[];
  }[];
  readonly acks?: number;
  readonly timeout?: number;
  readonly compression?: number;
  readonly transactionalId?: string | undefined;
  readonly producerId?: unknown;
  readonly producerEpoch?: number;
}

/** A request as kafkajs's connection takes it (network/connection.js, `send`), but for its `encode`. */
export interface KafkajsRequest<Decoded> {
  readonly request: { readonly apiKey: number; readonly apiVersion: number; readonly apiName: string };
  /** What stands behind the header. */
  readonly body: readonly Buffer[];
  readonly response: {
    decode(payload: Buffer): Promise<Decoded & { readonly clientSideThrottleTime: number }>;
    parse(decoded: Decoded): Promise<unknown>;
  };
}

/** A broker that kafkajs is connected to. */
export interface BrokerConnection {
  /** By a request's number, the versions that this broker has answered. */
  readonly versions: Readonly<Record<number, { minVersion: number; maxVersion: number }>> | null | undefined;
  send<Decoded>(request: KafkajsRequest<Decoded>): Promise<unknown>;
  /** Has kafkajs produce it. */
  produce(request: KafkajsProduce): Promise<unknown>;
}

export type OnProduce = (request: KafkajsProduce, connection: BrokerConnection) => Promise<unknown>;

/** What is leaned on of kafkajs's brokers (broker/index.js). */
interface KafkajsBroker {
  versions: BrokerConnection['versions'];
  readonly connectionPool: ConnectionPool;
  isConnected(): boolean;
  connect(): Promise<unknown>;
  produce(request: KafkajsProduce): Promise<unknown>;
}

type SendRequest = (request: unknown) => Promise<unknown>;

/** The connections to a broker (network/connectionPool.js). */
interface ConnectionPool {
  isConnected(): boolean;
  send: SendRequest;
  getConnectionByRequest?(request: KafkajsRequest<unknown>): Promise<Connection>;
}

/** What is leaned on of a connection (network/connection.js). */
interface Connection {
  readonly clientId: string | null | undefined;
  readonly socket: Socket;
  readonly requestQueue: RequestQueue;
  send: SendRequest;
}

/** What a connection calls of its queue of requests (network/requestQueue/index.js). */
interface RequestQueue {
  push(request: QueuedRequest): void;
  maybeThrottle(ms: number): void;
}

interface QueuedRequest {
  readonly entry: { readonly correlationId: number };
  /** Writes it to the socket. */
  sendRequest(): void;
}

/**
 * Calls back for each broker of the cluster that a kafkajs client makes next. They are reached by what a `new Kafka()` carries with
 * it: `this[PRIVATE.CREATE_CLUSTER] = … => new Cluster(…)` (src/index.js), which producers and admins are made with, and the cluster's
 * `brokerPool.createBroker = options => new Broker(…)` (cluster/brokerPool.js). Nothing is required by its path, so it can be
 * bundled. Where one of these is not there, kafkajs stays as it is.
 *
 * @param onCluster the cluster's brokers can be reached
 */
function interceptBrokers(kafka: object, onCluster: () => void, onBroker: (broker: unknown) => void): void {
  intercept(kafka, symbolOf(kafka, 'private:Kafka:createCluster'), (createCluster) => (...args) => {
    const cluster = createCluster(...args) as { brokerPool?: object } | undefined;
    const toldOfBrokers: Around =
      (createBroker) =>
      (...options) => {
        const broker = createBroker(...options);
        onBroker(broker);
        return broker;
      };
    if (cluster?.brokerPool !== undefined && intercept(cluster.brokerPool, 'createBroker', toldOfBrokers))
      onCluster();
    return cluster;
  });
}

/**
 * Has kafkajs's producer call `onProduce` to send a batch.
 *
 * Each broker is asked for its versions with each connection: kafkajs takes those of the first one for all of them
 * (cluster/brokerPool.js, `versions: this.versions`), and for good, which is wrong while a cluster is being upgraded
 * (tulios/kafkajs#1656).
 *
 * @param kafka a kafkajs client whose producer is not made yet
 * @returns whether it does; to be asked when the producer is made
 */
export function interceptProduce(kafka: object, onProduce: OnProduce): () => boolean {
  let isInstalled = false;
  interceptBrokers(
    kafka,
    () => {
      isInstalled = true;
    },
    (broker) => {
      isInstalled = isKnownBroker(broker) && interceptBroker(broker, onProduce);
    },
  );
  return () => isInstalled;
}

function isKnownBroker(broker: unknown): broker is KafkajsBroker {
  const { connect, produce, isConnected, connectionPool } = (broker ?? {}) as Partial<KafkajsBroker>;
  return (
    typeof connect === 'function' &&
    typeof produce === 'function' &&
    typeof isConnected === 'function' &&
    typeof connectionPool?.isConnected === 'function' &&
    typeof connectionPool.send === 'function'
  );
}

/** @returns whether it could be done */
function interceptBroker(broker: KafkajsBroker, onProduce: OnProduce): boolean {
  const name = symbolOf(broker, 'private:Broker:sendRequest');
  const sendRequest: unknown = name && Reflect.get(broker, name);
  if (typeof sendRequest !== 'function') return false;
  const { connect, produce, isConnected, connectionPool } = broker;
  intercept(connectionPool, 'send', (send) => (request) => {
    const own = request as Partial<KafkajsRequest<unknown>>;
    return own.body === undefined ? send(request) : sendOwn(connectionPool, own as KafkajsRequest<unknown>);
  });
  let connecting = 0;
  broker.connect = async () => {
    if (!broker.connectionPool.isConnected()) broker.versions = null;
    connecting++;
    try {
      return await connect.call(broker);
    } finally {
      connecting--;
    }
  };
  // Its socket may be open before its versions are known, and until then it takes no request (broker/index.js: "Broker not
  // connected"). Who asks meanwhile waits for the same connect.
  broker.isConnected = () => connecting === 0 && isConnected.call(broker);
  broker.produce = (request) => {
    const { versions } = broker;
    const send = (own: unknown): Promise<unknown> => (sendRequest as SendRequest).call(broker, own);
    return onProduce(request, { versions, send, produce: (given) => produce.call(broker, given) });
  };
  return true;
}

/**
 * Sends a request over kafkajs's connection, which authenticates, numbers the request, queues it and has the answer read, but for
 * the bytes, which are written as they are. By itself kafkajs copies what stands behind the header twice, each time into zeroed memory of
 * up to twice its size (protocol/request.js: `new Encoder()…writeEncoder(payload)`; protocol/encoder.js: `Buffer.alloc(newLength)`): a
 * tenth of all that a record costs.
 */
async function sendOwn(pool: ConnectionPool, own: KafkajsRequest<unknown>): Promise<unknown> {
  const { request, body, response } = own;
  const encodedAs = (bytes: Buffer): object => ({
    request: { ...request, encode: async () => ({ buf: bytes, buffer: bytes }) },
    response,
  });
  const connection = await pool.getConnectionByRequest?.(own);
  if (connection === undefined || !isKnownConnection(connection))
    return await (connection ?? pool).send(encodedAs(Buffer.concat(body)));
  const { requestQueue, send } = connection;
  const queue: RequestQueue = {
    push: (queued) => {
      const { correlationId } = queued.entry;
      const sendRequest = (): void => {
        const { socket, clientId } = connection;
        socket.write(requestOf({ ...request, correlationId, clientId }, body));
      };
      requestQueue.push({ ...queued, sendRequest });
    },
    maybeThrottle: (ms) => requestQueue.maybeThrottle(ms),
  };
  const withQueue = new Proxy(connection, {
    get: (target, name, receiver) => (name === 'requestQueue' ? queue : Reflect.get(target, name, receiver)),
  });
  return await send.call(withQueue, encodedAs(NO_BYTES));
}

const NO_BYTES = Buffer.alloc(0);

/** Not where `send` is another one, which need not use the queue of the object that it is called on. */
function isKnownConnection(connection: Connection): boolean {
  const { requestQueue, send } = connection as Partial<Connection>;
  return (
    typeof send === 'function' &&
    !Object.hasOwn(connection, 'send') &&
    typeof requestQueue?.push === 'function' &&
    typeof requestQueue.maybeThrottle === 'function'
  );
}

// The number of the request, in Kafka's protocol.
const METADATA = 3;

/** As much of kafkajs's answer to Metadata as matters here. */
interface DecodedMetadata {
  readonly topicMetadata: readonly {
    readonly partitionMetadata: readonly { readonly partitionErrorCode: number }[];
  }[];
}

interface MetadataRequest {
  readonly request: { readonly apiKey: number };
  readonly response: { parse(decoded: DecodedMetadata): Promise<unknown> };
}

/**
 * Has kafkajs tell of partitions without a leader, as of those with one: their leader is -1. By itself it takes one of them for the
 * failure of the whole answer (protocol/requests/metadata/v0/response.js, `parse`), also where all topics are asked for to learn of
 * the brokers (admin/index.js, `describeCluster`), and does not say which it is. Where kafkajs is another one inside, it stays so.
 *
 * @param kafka a kafkajs client whose producer or admin is not made yet
 * @param isWanted asked for each answer; always without it
 */
export function tellLeaderless(kafka: object, isWanted: () => boolean = () => true): void {
  const onBroker = (broker: unknown): void => {
    if (typeof broker !== 'object' || broker === null) return;
    intercept(broker, symbolOf(broker, 'private:Broker:sendRequest'), (send) => (request) => {
      const { request: asked, response } = request as MetadataRequest;
      if (asked.apiKey !== METADATA || !isWanted()) return send(request);
      const parse = (decoded: DecodedMetadata): Promise<unknown> =>
        response.parse(withoutPartitionErrors(decoded));
      return send({ ...(request as MetadataRequest), response: { ...response, parse } });
    });
  };
  interceptBrokers(kafka, () => undefined, onBroker);
}

type AnyFunction = (...args: unknown[]) => unknown;
type Around = (original: AnyFunction) => AnyFunction;

/** Puts a function around another one. @returns whether that is there */
function intercept(object: object, name: string | symbol | undefined, around: Around): boolean {
  const original: unknown = name && Reflect.get(object, name);
  if (name === undefined || typeof original !== 'function') return false;
  const call: AnyFunction = (...args) => Reflect.apply(original, object, args);
  return Reflect.set(object, name, around(call));
}

function withoutPartitionErrors(decoded: DecodedMetadata): DecodedMetadata {
  const topicMetadata = decoded.topicMetadata.map((topic) => ({
    ...topic,
    partitionMetadata: topic.partitionMetadata.map((partition) => ({ ...partition, partitionErrorCode: 0 })),
  }));
  return { ...decoded, topicMetadata };
}

/** kafkajs's private members are symbols that it does not export. */
function symbolOf(object: object, description: string): symbol | undefined {
  const isNamed = (symbol: symbol): boolean => symbol.description === description;
  for (let at: object | null = object; at !== null; at = Object.getPrototypeOf(at)) {
    const found = Object.getOwnPropertySymbols(at).find(isNamed);
    if (found !== undefined) return found;
  }
  return undefined;
}
