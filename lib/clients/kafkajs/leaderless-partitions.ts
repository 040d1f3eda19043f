import { symbolOf } from './workarounds.ts';

const METADATA = 3;

interface Decoded {
  readonly topicMetadata: readonly {
    readonly partitionMetadata: readonly { readonly partitionErrorCode: number }[];
  }[];
}

interface Request {
  readonly request: { readonly apiKey: number };
  readonly response: { parse(decoded: Decoded): Promise<unknown> };
}

/**
 * Has kafkajs tell of partitions without a leader, as of those with one: their leader is -1. By itself it takes one of them for the
 * failure of the whole answer (protocol/requests/metadata/v0/response.js, `parse`), also where all topics are asked for to learn of
 * the brokers (admin/index.js, `describeCluster`), and does not say which it is. Where kafkajs is another one inside, it stays so.
 *
 * @param kafka a kafkajs client whose admin is not made yet
 * @param isWanted asked for each answer
 */
export function tellLeaderless(kafka: object, isWanted: () => boolean): void {
  intercept(kafka, symbolOf(kafka, 'private:Kafka:createCluster'), (createCluster) => (...args) => {
    const cluster = createCluster(...args);
    const { brokerPool } = (cluster ?? {}) as { brokerPool?: object };
    if (brokerPool === undefined) return cluster;
    intercept(brokerPool, 'createBroker', (createBroker) => (...options) => {
      const broker = createBroker(...options) as object;
      intercept(broker, symbolOf(broker, 'private:Broker:sendRequest'), (send) => (request) => {
        const { request: asked, response } = request as Request;
        if (asked.apiKey !== METADATA || !isWanted()) return send(request);
        const parse = (decoded: Decoded): Promise<unknown> => response.parse(withoutErrors(decoded));
        return send({ ...(request as Request), response: { ...response, parse } });
      });
      return broker;
    });
    return cluster;
  });
}

type AnyFunction = (...args: unknown[]) => unknown;

function intercept(
  object: object,
  name: string | symbol | undefined,
  around: (original: AnyFunction) => AnyFunction,
): void {
  const original: unknown = name && Reflect.get(object, name);
  if (name === undefined || typeof original !== 'function') return;
  Reflect.set(
    object,
    name,
    around((...args) => Reflect.apply(original, object, args)),
  );
}

function withoutErrors(decoded: Decoded): Decoded {
  const topicMetadata = decoded.topicMetadata.map((topic) => ({
    ...topic,
    partitionMetadata: topic.partitionMetadata.map((partition) => ({ ...partition, partitionErrorCode: 0 })),
  }));
  return { ...decoded, topicMetadata };
}
