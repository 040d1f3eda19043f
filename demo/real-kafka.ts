import { connect, Socket } from 'node:net';
import { type Admin, type Consumer, type ISocketFactory, Kafka, type KafkaConfig, logLevel } from 'kafkajs';
import type { Arrived } from './arrivals.ts';
import { type DemoBroker, PARTITIONS } from './broker.ts';

const READ_TIMEOUT_MS = 15_000;
const POLL_MS = 20;

/** Nobody answers at `KAFKA_BROKERS`. */
export class NoKafka extends Error {
  override readonly name = 'NoKafka';

  constructor(brokers: readonly string[], cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(
      `No Kafka at KAFKA_BROKERS=${brokers.join(',')}: ${why}. Without the variable, the demo needs none.`,
      {
        cause,
      },
    );
  }
}

/** Somebody's own Kafka. It is not the demo's to stop: for the third act, its connections are cut and refused here. */
export class RealKafka implements DemoBroker {
  readonly description: string;
  readonly absence = "it is not ours to stop, so the client's connections are cut and refused";
  readonly kafka: KafkaConfig;
  /** For the demo's own work, on connections that are not cut. */
  readonly #client: Kafka;
  readonly #admin: Admin;
  readonly #sockets = new Set<Socket>();
  #topics: readonly string[] = [];
  #isAway = false;

  private constructor(brokers: string[]) {
    this.description = `The broker is Kafka at ${brokers.join(', ')}; the topics of the demo are deleted in the end.`;
    this.kafka = { clientId: 'demo', brokers, socketFactory: (args) => this.#socket(args) };
    this.#client = new Kafka({ clientId: 'demo-reader', brokers, logLevel: logLevel.NOTHING });
    this.#admin = this.#client.admin();
  }

  static async connect(brokers: string[]): Promise<RealKafka> {
    // By default kafkajs tries for ten seconds to find out that there is nobody.
    const retry = { retries: brokers.length, initialRetryTime: 100, maxRetryTime: 300 };
    const probe = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry }).admin();
    try {
      await probe.connect();
    } catch (error) {
      throw new NoKafka(brokers, error);
    } finally {
      await probe.disconnect();
    }
    const kafka = new RealKafka(brokers);
    await kafka.#admin.connect();
    return kafka;
  }

  async prepare(topics: readonly string[]): Promise<void> {
    this.#topics = topics;
    const wanted = topics.map((topic) => ({ topic, numPartitions: PARTITIONS }));
    // Where that is not allowed, many a broker still makes a topic that a producer asks for.
    await this.#admin.createTopics({ topics: wanted }).catch(() => undefined);
  }

  async goAway(): Promise<void> {
    this.#isAway = true;
    // With an error, as a connection that is reset: kafkajs does not notice a socket that merely closes.
    for (const socket of this.#sockets) socket.destroy(new Error('read ECONNRESET (by the demo)'));
  }

  async comeBack(): Promise<void> {
    this.#isAway = false;
  }

  async read(topics: readonly string[]): Promise<Map<string, Arrived[]>> {
    const found = new Map<string, Arrived[]>(topics.map((topic) => [topic, []]));
    /** The offset after the last record, by topic and partition; gone when it has been reached. */
    const ends = new Map<string, number>();
    for (const topic of topics) {
      for (const { partition, high } of await this.#admin.fetchTopicOffsets(topic)) {
        if (Number(high) > 0) ends.set(`${topic}/${partition}`, Number(high));
      }
    }
    const consumer = this.#client.consumer({ groupId: topics.join('+') });
    await consumer.connect();
    try {
      await consumer.subscribe({ topics: [...topics], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachMessage: async ({ topic, partition, message }) => {
          found.get(topic)?.push({ partition, value: message.value?.toString('utf8') ?? '' });
          const topicPartition = `${topic}/${partition}`;
          if (Number(message.offset) + 1 >= (ends.get(topicPartition) ?? Number.POSITIVE_INFINITY))
            ends.delete(topicPartition);
        },
      });
      await isEmpty(ends);
    } finally {
      await leave(consumer);
    }
    return found;
  }

  async stop(): Promise<void> {
    // Not everybody may delete; then they stay.
    await this.#admin.deleteTopics({ topics: [...this.#topics] }).catch(() => undefined);
    await this.#admin.disconnect();
  }

  #socket({ host, port, onConnect }: Parameters<ISocketFactory>[0]): Socket {
    const socket = this.#isAway ? refused() : connect({ host, port }, onConnect);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }
}

/** A connection that fails as soon as somebody listens. */
function refused(): Socket {
  const socket = new Socket();
  setImmediate(() => socket.destroy(new Error('connect ECONNREFUSED (by the demo)')));
  return socket;
}

/** What is missing after the time limit is seen in the figures. */
async function isEmpty(left: ReadonlyMap<string, number>): Promise<void> {
  const endsAt = performance.now() + READ_TIMEOUT_MS;
  while (left.size > 0 && performance.now() < endsAt) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function leave(consumer: Consumer): Promise<void> {
  await consumer.disconnect().catch(() => undefined);
}
