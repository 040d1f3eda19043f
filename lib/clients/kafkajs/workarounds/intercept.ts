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

/**
 * Calls back for each broker of the cluster that a kafkajs client makes next. They are reached by what a `new Kafka()` carries with
 * it: `this[PRIVATE.CREATE_CLUSTER] = … => new Cluster(…)` (src/index.js), which producers and admins are made with, and the cluster's
 * `brokerPool.createBroker = options => new Broker(…)` (cluster/brokerPool.js). Nothing is required by its path, so it can be
 * bundled. Where one of these is not there, kafkajs stays as it is.
 *
 * @param onCluster the cluster's brokers can be reached
 */
export function interceptBrokers(
  kafka: object,
  onCluster: () => void,
  onBroker: (broker: unknown) => void,
): void {
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
