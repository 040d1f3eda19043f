import type { Socket } from 'node:net';
import { requestOf } from '../../../protocol/request.ts';
import { intercept, interceptBrokers, interceptPools, symbolOf } from './intercept.ts';

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

/** What kafkajs takes for an encoder (protocol/encoder.js: `!Buffer.isBuffer(value.buf)`). */
interface Encoded {
  readonly buf: Buffer;
  readonly buffer: Buffer;
}

/** One as kafkajs's own are, which have no body. */
interface OwnRequest extends KafkajsRequest<unknown> {
  readonly request: KafkajsRequest<unknown>['request'] & { encode(): Promise<Encoded> };
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
  getConnectionByRequest?(request: OwnRequest): Promise<Connection>;
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
  // All of them, and not those that a broker has now: after ILLEGAL_SASL_STATE it gets others.
  interceptPools(kafka, (pool) => {
    intercept(pool, 'send', (send) => (request) => {
      const own = request as OwnRequest;
      return own.body === undefined
        ? send(request)
        : sendOwn(pool as ConnectionPool, own, send as SendRequest);
    });
  });
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
  const { connect, produce, isConnected } = broker;
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
    const send = (own: unknown): Promise<unknown> =>
      (sendRequest as SendRequest).call(broker, encodable(own as KafkajsRequest<unknown>));
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
async function sendOwn(pool: ConnectionPool, own: OwnRequest, sendWhole: SendRequest): Promise<unknown> {
  const { request, body } = own;
  const connection = await pool.getConnectionByRequest?.(own);
  if (connection === undefined) return await sendWhole(own);
  if (!isKnownConnection(connection)) return await connection.send(own);
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
  return await send.call(
    withQueue,
    encodedAs(own, () => NO_BYTES),
  );
}

const NO_BYTES = Buffer.alloc(0);

/** A request that any connection of kafkajs's can send: in one piece, where it is none that `sendOwn` knows. */
function encodable(own: KafkajsRequest<unknown>): OwnRequest {
  return encodedAs(own, () => Buffer.concat(own.body));
}

function encodedAs(own: KafkajsRequest<unknown>, bytes: () => Buffer): OwnRequest {
  const encode = async (): Promise<Encoded> => {
    const buffer = bytes();
    return { buf: buffer, buffer };
  };
  return { ...own, request: { ...own.request, encode } };
}

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
