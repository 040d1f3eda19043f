import type { KafkaConfig } from 'kafkajs';
import { BrokerCluster } from '../testing/broker/broker-cluster.ts';
import type { Arrived } from './arrivals.ts';
import { type DemoBroker, PARTITIONS } from './broker.ts';

/** The stand-in of the specs, in this process. */
export class StandIn implements DemoBroker {
  readonly description =
    "The broker is this project's stand-in, inside this process; KAFKA_BROKERS=host:port,... takes a real one.";
  readonly absence = 'it stops listening and drops its connections';
  readonly #cluster: BrokerCluster;

  private constructor(cluster: BrokerCluster) {
    this.#cluster = cluster;
  }

  static async start(): Promise<StandIn> {
    return new StandIn(await BrokerCluster.start());
  }

  get kafka(): KafkaConfig {
    return { clientId: 'demo', brokers: this.#cluster.addresses };
  }

  async prepare(topics: readonly string[]): Promise<void> {
    for (const topic of topics) this.#cluster.createTopic(topic, PARTITIONS);
  }

  async goAway(): Promise<void> {
    await this.#cluster.down();
  }

  async comeBack(): Promise<void> {
    await this.#cluster.up();
  }

  async read(topics: readonly string[]): Promise<Map<string, Arrived[]>> {
    const read = (topic: string): Arrived[] =>
      this.#cluster
        .records(topic)
        .map(({ partition, value }) => ({ partition, value: value.toString('utf8') }));
    return new Map(topics.map((topic) => [topic, read(topic)]));
  }

  async stop(): Promise<void> {
    await this.#cluster.stop();
  }
}
