/** What kafkajs's broker is asked to produce (broker/index.js, `produce`). */
export interface KafkajsProduce {
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number | string;
      readonly messages: unknown;
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

/** A request as kafkajs's connection takes it (network/connection.js, `send`). */
export interface KafkajsRequest<Decoded> {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    /** What stands behind the header, as an Encoder of kafkajs's has it (protocol/encoder.js, `writeEncoder`). */
    encode(): Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
  };
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
}

/** @returns nothing where kafkajs is to produce it itself */
export type OnProduce = (
  request: KafkajsProduce,
  connection: BrokerConnection,
) => Promise<unknown> | undefined;

/** What is leaned on of kafkajs's brokers (broker/index.js). */
interface KafkajsBroker {
  versions: BrokerConnection['versions'];
  connectionPool: { isConnected(): boolean };
  isConnected(): boolean;
  connect(): Promise<unknown>;
  produce(request: KafkajsProduce): Promise<unknown>;
}

type SendRequest = (request: unknown) => Promise<unknown>;

/**
 * Has kafkajs's producer ask `onProduce` before it sends a batch. The brokers of a producer are reached by what a `new Kafka()`
 * carries with it: `this[PRIVATE.CREATE_CLUSTER] = … => new Cluster(…)` (src/index.js), which the producer is made with, and the
 * cluster's `brokerPool.createBroker = options => new Broker(…)` (cluster/brokerPool.js). Nothing is required by its path, so it
 * can be bundled. Where one of these is not there, kafkajs stays as it is.
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
  const name = symbolOf(kafka, 'private:Kafka:createCluster');
  const createCluster: unknown = name && Reflect.get(kafka, name);
  if (name === undefined || typeof createCluster !== 'function') return () => false;
  Reflect.set(kafka, name, (...args: unknown[]): unknown => {
    const cluster: unknown = Reflect.apply(createCluster, kafka, args);
    const pool = (cluster as { brokerPool?: Record<string, unknown> } | undefined)?.brokerPool;
    const createBroker = pool?.createBroker;
    if (pool === undefined || typeof createBroker !== 'function') return cluster;
    isInstalled = true;
    pool.createBroker = (...options: unknown[]): unknown => {
      const broker: unknown = Reflect.apply(createBroker, pool, options);
      isInstalled = isKnownBroker(broker) && interceptBroker(broker, onProduce);
      return broker;
    };
    return cluster;
  });
  return () => isInstalled;
}

function isKnownBroker(broker: unknown): broker is KafkajsBroker {
  const { connect, produce, isConnected, connectionPool } = (broker ?? {}) as Partial<KafkajsBroker>;
  return (
    typeof connect === 'function' &&
    typeof produce === 'function' &&
    typeof isConnected === 'function' &&
    typeof connectionPool?.isConnected === 'function'
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
    const send = (own: unknown): Promise<unknown> => (sendRequest as SendRequest).call(broker, own);
    return onProduce(request, { versions, send }) ?? produce.call(broker, request);
  };
  return true;
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
