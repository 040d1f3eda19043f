import { intercept, interceptBrokers, symbolOf } from './intercept.ts';

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

function withoutPartitionErrors(decoded: DecodedMetadata): DecodedMetadata {
  const topicMetadata = decoded.topicMetadata.map((topic) => ({
    ...topic,
    partitionMetadata: topic.partitionMetadata.map((partition) => ({ ...partition, partitionErrorCode: 0 })),
  }));
  return { ...decoded, topicMetadata };
}
