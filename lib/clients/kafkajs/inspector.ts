import type { Admin, Consumer, Kafka, KafkaConfig, PartitionMetadata, Producer } from 'kafkajs';
import { systemClock } from '../../time/clock.ts';
import { withDeadline } from '../../time/deadline.ts';
import { crypto } from '../../util/node-modules.ts';
import { BrokerAddresses, rotatedBrokers } from './brokers/broker-addresses.ts';
import type { Address } from './brokers/broker-list.ts';
import { BrokerSockets } from './brokers/broker-sockets.ts';
import { ClientSockets } from './brokers/client-sockets.ts';
import { COMPRESSION_TYPES, codecOf } from './codecs.ts';
import { guardedProviders } from './guarded-config.ts';
import { kafkajs } from './kafkajs.ts';
import { Secrets } from './secrets.ts';
import { shownError } from './shown-error.ts';
import { forgetPartialAnswers, tellLeaderless } from './workarounds.ts';

export type { KafkaConfig, PartitionMetadata };

export interface ReadRecord {
  readonly partition: number;
  readonly offset: bigint;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly value: string;
}

export interface ReadOptions {
  readonly topic: string;
  /** By partition, the first offset to read: of all that there are. */
  readonly from: ReadonlyMap<number, bigint>;
  onRecord(record: ReadRecord): void;
  /**
   * Everything before this offset of the partition has been read.
   *
   * @param pause reads no more of the partition. @returns what goes on with it
   */
  onPosition(partition: number, next: bigint, pause: () => () => void): void;
  onFailure(error: unknown): void;
}

// kafkajs does not export it (protocol/resourceTypes).
const TOPIC_RESOURCE = 2;

// How long a broker waits for records before it answers a fetch: a `disconnect` waits for that answer.
const WAIT_MS = 500;

// How long a consumer that is still joining its group may take, to leave it in order; and how long a `disconnect`, which waits
// for the answers to all requests.
const CLOSE_MS = 1_000;

/** What the command asks of Kafka: one client, its admin, its producer and its consumers. */
export class KafkaInspector {
  /** The requests that were answered, such as `ApiVersions`, with the version that was used. */
  readonly answered = new Map<string, number>();
  readonly #kafka: Kafka;
  readonly #admin: Admin;
  readonly #secrets = new Secrets();
  readonly #brokerSockets: BrokerSockets;
  #producer: Producer | undefined;
  #consumer: Consumer | undefined;
  #joining: Promise<void> | undefined;
  #isClosed = false;
  readonly #sockets: ClientSockets;
  #tellsLeaderless = false;

  /** @param retries of each request; a check wants to see the first failure, a reader goes on */
  constructor(kafka: KafkaConfig, retries: number) {
    const addresses = new BrokerAddresses();
    this.#brokerSockets = new BrokerSockets(addresses, kafka);
    this.#sockets = new ClientSockets(this.#brokerSockets);
    this.#secrets.addFrom(kafka);
    const providers = guardedProviders(kafka, (token) => this.#secrets.add(token));
    const { Kafka: Client, logLevel } = kafkajs();
    this.#kafka = new Client({
      ...kafka,
      ...providers,
      brokers: rotatedBrokers(providers.brokers, 0, addresses),
      socketFactory: this.#sockets.factory(kafka.socketFactory),
      logLevel: logLevel.NOTHING,
      retry: { retries },
    });
    // For what it reads: where Node has it and kafkajs does not.
    codecOf(COMPRESSION_TYPES.zstd);
    forgetPartialAnswers(this.#kafka);
    tellLeaderless(this.#kafka, () => this.#tellsLeaderless);
    this.#admin = this.#kafka.admin();
    this.#admin.on(this.#admin.events.REQUEST, ({ payload }) => this.#note(payload));
  }

  connect(): Promise<void> {
    return this.#explained(() => this.#admin.connect());
  }

  /** The brokers, at the addresses that they name themselves (`advertised.listeners`). */
  brokers(): Promise<Address[]> {
    return this.#withLeaderless(async () => (await this.#admin.describeCluster()).brokers);
  }

  /** In order. The leader of one that has none is -1. */
  partitions(topic: string): Promise<PartitionMetadata[]> {
    return this.#withLeaderless(async () => {
      const { topics } = await this.#admin.fetchTopicMetadata({ topics: [topic] });
      const found = topics[0]?.partitions ?? [];
      return found.toSorted((a, b) => a.partitionId - b.partitionId);
    });
  }

  /** The topic's settings by name. @throws where the broker does not tell them */
  settings(topic: string, names: string[]): Promise<Map<string, string>> {
    return this.#withLeaderless(async () => {
      const { resources } = await this.#admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: TOPIC_RESOURCE, name: topic, configNames: names }],
      });
      const entries = resources[0]?.configEntries ?? [];
      return new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
    });
  }

  /** By partition, the offset that the next record will get. */
  ends(topic: string): Promise<Map<number, bigint>> {
    return this.#explained(async () => offsetsOf(await this.#admin.fetchTopicOffsets(topic)));
  }

  /** By partition, the offset of the first record at or after a time, or the end. */
  offsetsAt(topic: string, time: number): Promise<Map<number, bigint>> {
    return this.#explained(async () =>
      offsetsOf(await this.#admin.fetchTopicOffsetsByTimestamp(topic, time)),
    );
  }

  /** @returns the broker's time, in epoch milliseconds, where the topic has the broker set it */
  write(topic: string, partition: number, value: string, time: number): Promise<number | undefined> {
    return this.#explained(async () => {
      if (this.#producer === undefined) {
        const { Partitioners } = kafkajs();
        this.#producer = this.#kafka.producer({
          allowAutoTopicCreation: false,
          createPartitioner: Partitioners.DefaultPartitioner,
        });
        this.#producer.on(this.#producer.events.REQUEST, ({ payload }) => this.#note(payload));
        await this.#producer.connect();
      }
      const messages = [{ value, partition, timestamp: String(time) }];
      const [answer] = await this.#producer.send({ topic, acks: -1, messages });
      const { logAppendTime = '-1' } = answer ?? {};
      return logAppendTime === '-1' ? undefined : Number(logAppendTime);
    });
  }

  /** Reads on until the inspector is closed, in a group of a random name, for which nothing is ever committed. To be called once. */
  read({ topic, from, onRecord, onPosition, onFailure }: ReadOptions): Promise<void> {
    this.#joining = this.#explained(async () => {
      const groupId = `winston-kafkajs-${crypto().randomBytes(8).toString('hex')}`;
      const consumer = this.#kafka.consumer({
        groupId,
        allowAutoTopicCreation: false,
        maxWaitTimeInMs: WAIT_MS,
        // By itself it would start again once it is closed, where that fails a request (consumer/index.js, `onCrash`).
        retry: { restartOnFailure: async () => !this.#isClosed },
      });
      this.#consumer = consumer;
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        if (!payload.restart) onFailure(this.#shown(payload.error));
      });
      const next = new Map(from);
      // With each: nothing is committed, and by itself it would go on at the end.
      consumer.on(consumer.events.GROUP_JOIN, () => {
        for (const [partition, offset] of next) consumer.seek({ topic, partition, offset: String(offset) });
      });
      // Not in `eachBatch`: it is not called for control records and aborted ones alone (consumer/runner.js, `isEmptyDueToFiltering`).
      consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) => {
        const after = BigInt(lastOffset) + 1n;
        next.set(partition, after);
        const partitions = [{ topic, partitions: [partition] }];
        onPosition(partition, after, () => {
          consumer.pause(partitions);
          return () => {
            // None once it has stopped, where `resume` would throw.
            if (consumer.paused().length > 0) consumer.resume(partitions);
          };
        });
      });
      await consumer.connect();
      // Of partitions that are added later, all.
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      if (this.#isClosed) return;
      await consumer.run({
        autoCommit: false,
        eachBatch: async ({ batch: { partition, messages } }) => {
          for (const { offset, timestamp, value } of messages)
            onRecord({
              partition,
              offset: BigInt(offset),
              time: Number(timestamp),
              value: value?.toString() ?? '',
            });
        },
      });
    });
    return this.#joining;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await briefly(this.#joining);
    const all = [this.#consumer, this.#producer, this.#admin];
    await briefly(Promise.allSettled(all.map((client) => client?.disconnect())));
    this.#sockets.kill();
  }

  #note({ apiName, apiVersion }: { apiName: string; apiVersion: number }): void {
    this.answered.set(apiName, apiVersion);
  }

  /** What makes kafkajs ask for all topics of the cluster, or for partitions that may have no leader. */
  async #withLeaderless<Result>(fn: () => Promise<Result>): Promise<Result> {
    this.#tellsLeaderless = true;
    try {
      return await this.#explained(fn);
    } finally {
      this.#tellsLeaderless = false;
    }
  }

  async #explained<Result>(fn: () => Promise<Result>): Promise<Result> {
    try {
      return await fn();
    } catch (error) {
      throw this.#shown(error);
    }
  }

  #shown(error: unknown): unknown {
    return shownError(error, this.#brokerSockets, this.#secrets);
  }
}

/** Waits for the end of something, up to `CLOSE_MS`, however it ends. */
async function briefly(promise: Promise<unknown> | undefined): Promise<void> {
  await Promise.allSettled([promise && withDeadline(promise, CLOSE_MS, 'closing', systemClock, true)]);
}

function offsetsOf(list: readonly { partition: number; offset: string }[]): Map<number, bigint> {
  return new Map(list.map(({ partition, offset }) => [partition, BigInt(offset)]));
}
