type AnyFunction = (...args: unknown[]) => unknown;
export type Around = (original: AnyFunction) => AnyFunction;

/** Puts a function around another one. @returns whether that is there */
export function intercept(object: object, name: string | symbol | undefined, around: Around): boolean {
  const original: unknown = name && Reflect.get(object, name);
  if (name === undefined || typeof original !== 'function') return false;
  const call: AnyFunction = (...args) => Reflect.apply(original, object, args);
  return Reflect.set(object, name, around(call));
}

/** kafkajs's private members are symbols that it does not export. */
export function symbolOf(object: object, description: string): symbol | undefined {
  const isNamed = (symbol: symbol): boolean => symbol.description === description;
  for (let at: object | null = object; at !== null; at = Object.getPrototypeOf(at)) {
    const found = Object.getOwnPropertySymbols(at).find(isNamed);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What is leaned on of a cluster (cluster/index.js). */
export interface Cluster {
  readonly brokerPool?: object | undefined;
  readonly connectionPoolBuilder?: object | undefined;
}

/**
 * Calls back for each cluster that a kafkajs client makes next, which is all that its producers and admins reach brokers by. It is
 * found in what a `new Kafka()` carries with it: `this[PRIVATE.CREATE_CLUSTER] = … => new Cluster(…)` (src/index.js). Nothing is
 * required by its path, so it can be bundled. Where it is not there, kafkajs stays as it is.
 */
export function interceptClusters(kafka: object, onCluster: (cluster: Cluster) => void): void {
  intercept(kafka, symbolOf(kafka, 'private:Kafka:createCluster'), (createCluster) => (...args) => {
    const cluster = createCluster(...args) as Cluster | undefined;
    if (cluster !== undefined) onCluster(cluster);
    return cluster;
  });
}

/**
 * Calls back for each broker of a kafkajs client's clusters.
 *
 * @param onCluster the cluster's brokers can be reached
 */
export function interceptBrokers(
  kafka: object,
  onCluster: () => void,
  onBroker: (broker: unknown) => void,
): void {
  interceptClusters(kafka, (cluster) => {
    if (interceptBrokersOf(cluster, onBroker)) onCluster();
  });
}

/**
 * Calls back for each broker that a cluster makes: its `brokerPool.createBroker = options => new Broker(…)` (cluster/brokerPool.js).
 *
 * @returns whether they can be reached
 */
export function interceptBrokersOf({ brokerPool }: Cluster, onBroker: (broker: unknown) => void): boolean {
  if (brokerPool === undefined) return false;
  return intercept(brokerPool, 'createBroker', (createBroker) => (...options) => {
    const broker = createBroker(...options);
    onBroker(broker);
    return broker;
  });
}

/**
 * Calls back for each pool of connections to a broker, which the cluster's `connectionPoolBuilder.build` makes
 * (cluster/connectionPoolBuilder.js). A broker may get another one in the place of its first (cluster/brokerPool.js, `connectBroker`).
 */
export function interceptPools(kafka: object, onPool: (pool: object) => void): void {
  interceptClusters(kafka, ({ connectionPoolBuilder }) => {
    if (connectionPoolBuilder === undefined) return;
    intercept(connectionPoolBuilder, 'build', (build) => async (...options) => {
      const pool = (await build(...options)) as object;
      onPool(pool);
      return pool;
    });
  });
}
