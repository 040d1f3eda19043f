// What is looked at of a kafkajs before the errors of its topics are kept apart: where one thing is not as expected, all of it stays.
import { expect, it } from 'vitest';
import { keepTopicErrorsApart } from '../../../lib/clients/kafkajs/workarounds.ts';

const CREATE_CLUSTER = Symbol('private:Kafka:createCluster');
const SEND_REQUEST = Symbol('private:Broker:sendRequest');
const METADATA = { apiKey: 3 };

interface Decoded {
  topicMetadata: { topic: string; topicErrorCode: number; partitionMetadata: unknown[] }[];
}

/** The answer to a request, as kafkajs judges it. */
async function parse(decoded: Decoded): Promise<Decoded> {
  const [bad] = decoded.topicMetadata.filter(({ topicErrorCode }) => topicErrorCode !== 0);
  if (bad !== undefined) throw new Error(`error ${bad.topicErrorCode}`);
  return decoded;
}

/** As much of a cluster as is leaned on, whose broker has these errors. */
class Cluster {
  targetTopics = new Set<string>();
  readonly errors: Record<string, number> = {};
  readonly asked: string[][] = [];
  metadata: Decoded = { topicMetadata: [] };
  readonly broker = {
    [SEND_REQUEST]: ({ response }: { request: object; response: { parse: typeof parse } }) =>
      response.parse({
        topicMetadata: [...this.targetTopics].map((topic) => ({
          topic,
          topicErrorCode: this.errors[topic] ?? 0,
          partitionMetadata: ['partition 0'],
        })),
      }),
  };
  readonly brokerPool = { createBroker: () => this.broker };

  async addMultipleTargetTopics(topics: string[]): Promise<void> {
    const isKnown = topics.every((topic) => this.targetTopics.has(topic));
    for (const topic of topics) this.targetTopics.add(topic);
    if (!isKnown) await this.refreshMetadata();
  }

  async refreshMetadata(): Promise<void> {
    this.asked.push([...this.targetTopics]);
    const { [SEND_REQUEST]: send } = this.brokerPool.createBroker();
    this.metadata = await send({ request: METADATA, response: { parse } });
  }

  findTopicPartitionMetadata(wanted: string): unknown {
    return this.metadata.topicMetadata.find(({ topic }) => topic === wanted)?.partitionMetadata ?? [];
  }
}

/** One that a kafkajs client has made. */
function clusterOf<Made extends object>(made: Made): Made {
  const kafka = { [CREATE_CLUSTER]: () => made };
  keepTopicErrorsApart(kafka);
  return kafka[CREATE_CLUSTER]();
}

it('a topic fails with its own error only, and is asked for again with each send', async () => {
  const cluster = clusterOf(new Cluster());
  cluster.errors.bad = 29;
  await cluster.addMultipleTargetTopics(['good']);
  await expect(cluster.addMultipleTargetTopics(['bad'])).rejects.toThrow('error 29');
  await cluster.addMultipleTargetTopics(['good']);
  expect(cluster.findTopicPartitionMetadata('good')).toEqual(['partition 0']);
  expect(() => cluster.findTopicPartitionMetadata('bad')).toThrow('error 29');
  await expect(cluster.addMultipleTargetTopics(['bad'])).rejects.toThrow('error 29');
  cluster.errors.bad = 0;
  await cluster.addMultipleTargetTopics(['bad']);
  expect(cluster.findTopicPartitionMetadata('bad')).toEqual(['partition 0']);
  const both = ['good', 'bad'];
  expect(cluster.asked).toEqual([['good'], both, both, both]);
});

it('a topic that has been good is asked for with the next send to it, once', async () => {
  const cluster = clusterOf(new Cluster());
  await cluster.addMultipleTargetTopics(['good', 'other']);
  cluster.errors.other = 3;
  await cluster.refreshMetadata();
  await cluster.addMultipleTargetTopics(['good']);
  expect(cluster.asked).toHaveLength(2);
  cluster.errors.other = 0;
  await cluster.addMultipleTargetTopics(['other']);
  expect(cluster.findTopicPartitionMetadata('other')).toEqual(['partition 0']);
  expect(cluster.asked).toHaveLength(3);
});

it.each(['targetTopics', 'addMultipleTargetTopics', 'findTopicPartitionMetadata', 'refreshMetadata'])(
  'a cluster without `%s` is left as it is',
  (name) => {
    const made = Object.assign(new Cluster(), { [name]: undefined });
    const before = Object.getOwnPropertyDescriptors(made);
    clusterOf(made);
    expect(Object.getOwnPropertyDescriptors(made)).toEqual(before);
    expect(made.brokerPool.createBroker()).toBe(made.broker);
  },
);
