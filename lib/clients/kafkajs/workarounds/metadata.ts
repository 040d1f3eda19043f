import { BoundedMap } from '../../../util/bounded-map.ts';
import { withoutFrames } from '../../../util/without-frames.ts';
import {
  type Around,
  type Cluster,
  intercept,
  interceptBrokers,
  interceptBrokersOf,
  interceptClusters,
  symbolOf,
} from './intercept.ts';

// The number of the request, in Kafka's protocol.
const METADATA = 3;

// A topic function may come up with ever new ones. Forgotten, the error is found out again.
const MAX_TOPIC_ERRORS = 1_000;

/** As much of kafkajs's answer to Metadata as matters here. */
interface DecodedMetadata {
  readonly topicMetadata: readonly TopicMetadata[];
}

interface TopicMetadata {
  readonly topic: string;
  readonly topicErrorCode: number;
  readonly partitionMetadata: readonly { readonly partitionErrorCode: number }[];
}

interface MetadataRequest {
  readonly request: { readonly apiKey: number };
  readonly response: { parse: Parse };
}

type Parse = (decoded: DecodedMetadata) => Promise<unknown>;

/**
 * Has kafkajs tell of partitions without a leader, as of those with one: their leader is -1. By itself it takes one of them for the
 * failure of the whole answer (protocol/requests/metadata/v0/response.js, `parse`), also where all topics are asked for to learn of
 * the brokers (admin/index.js, `describeCluster`), and does not say which it is. Where kafkajs is another one inside, it stays so.
 *
 * @param kafka a kafkajs client whose producer or admin is not made yet
 * @param isWanted asked for each answer; always without it
 */
export function tellLeaderless(kafka: object, isWanted: () => boolean = () => true): void {
  interceptBrokers(
    kafka,
    () => undefined,
    (broker) => {
      interceptMetadata(broker, (parse) =>
        isWanted() ? (decoded) => parse(withoutPartitionErrors(decoded)) : parse,
      );
    },
  );
}

/** What is leaned on of a cluster's topics (cluster/index.js). */
interface TopicsOfCluster {
  readonly targetTopics: Set<string>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  findTopicPartitionMetadata(topic: string): unknown;
  refreshMetadata(): Promise<void>;
}

/**
 * Has kafkajs's producer fail with the error of the topic that it is to send to, and not with that of another one. By itself it asks
 * for all topics that it has ever been given at once (cluster/index.js: `refreshMetadata(Array.from(this.targetTopics))`), and takes
 * the first topic with an error for the failure of the whole answer (protocol/requests/metadata/v0/response.js:
 * `topicsWithErrors[0]`), whichever topic the send is for: one that is refused would have the records of all others rejected.
 *
 * Here a topic with an error is one without partitions, and its error, the same that kafkajs has for it, is thrown where kafkajs would
 * throw it: where the topic is added, or where it is looked up for a send. Where kafkajs is another one inside, it stays so.
 *
 * @param kafka a kafkajs client whose producer is not made yet
 */
export function keepTopicErrorsApart(kafka: object): void {
  interceptClusters(kafka, (cluster) => {
    if (isKnownCluster(cluster)) keepErrorsOf(cluster);
  });
}

function isKnownCluster(cluster: Cluster & Partial<TopicsOfCluster>): cluster is Cluster & TopicsOfCluster {
  const { targetTopics, addMultipleTargetTopics, findTopicPartitionMetadata, refreshMetadata } = cluster;
  return (
    typeof targetTopics?.has === 'function' &&
    typeof targetTopics.delete === 'function' &&
    typeof addMultipleTargetTopics === 'function' &&
    typeof findTopicPartitionMetadata === 'function' &&
    typeof refreshMetadata === 'function'
  );
}

function keepErrorsOf(cluster: Cluster & TopicsOfCluster): void {
  /** By topic, of those that the last answer had one for. */
  const errors = new BoundedMap<string, unknown>(MAX_TOPIC_ERRORS);
  const throwErrorOf = (topic: string): void => {
    if (errors.has(topic)) throw errors.get(topic);
  };
  interceptBrokersOf(cluster, (broker) => {
    interceptMetadata(broker, (parse) => async (decoded) => {
      const topicMetadata = await Promise.all(
        decoded.topicMetadata.map(async (one) => {
          const error = await errorOf(one, decoded, parse);
          if (error === undefined) errors.delete(one.topic);
          else errors.set(one.topic, error);
          return error === undefined ? one : { ...one, topicErrorCode: 0, partitionMetadata: [] };
        }),
      );
      return await parse({ ...decoded, topicMetadata });
    });
  });
  intercept(cluster, 'addMultipleTargetTopics', (add) => async (given) => {
    const topics = given as readonly string[];
    // It may be over by now: kafkajs asks anew for a topic only where it does not have it yet.
    const stale = topics.filter((topic) => errors.delete(topic) && cluster.targetTopics.has(topic));
    await add(topics);
    if (stale.length > 0) await cluster.refreshMetadata();
    // As kafkajs does (`this.targetTopics = previousTopics`): it would be asked for with every other topic.
    for (const topic of topics) if (errors.has(topic)) cluster.targetTopics.delete(topic);
    for (const topic of topics) throwErrorOf(topic);
  });
  intercept(cluster, 'findTopicPartitionMetadata', (find) => (topic) => {
    throwErrorOf(topic as string);
    return find(topic);
  });
}

/** The error that kafkajs has for a topic, if it has one. */
async function errorOf(topic: TopicMetadata, decoded: DecodedMetadata, parse: Parse): Promise<unknown> {
  if (topic.topicErrorCode === 0) return undefined;
  try {
    await parse({ ...decoded, topicMetadata: [topic] });
    return undefined;
  } catch (error) {
    return withoutFrames(error as Error);
  }
}

/** Puts a function around the one that judges each answer to Metadata of a broker. */
function interceptMetadata(broker: unknown, around: (parse: Parse) => Parse): void {
  if (typeof broker !== 'object' || broker === null) return;
  const withParse: Around = (send) => (request) => {
    const { request: asked, response } = request as MetadataRequest;
    if (asked.apiKey !== METADATA) return send(request);
    const parse = around((decoded) => response.parse(decoded));
    return send({ ...(request as MetadataRequest), response: { ...response, parse } });
  };
  intercept(broker, symbolOf(broker, 'private:Broker:sendRequest'), withParse);
}

function withoutPartitionErrors(decoded: DecodedMetadata): DecodedMetadata {
  const topicMetadata = decoded.topicMetadata.map((topic) => ({
    ...topic,
    partitionMetadata: topic.partitionMetadata.map((partition) => ({ ...partition, partitionErrorCode: 0 })),
  }));
  return { ...decoded, topicMetadata };
}
