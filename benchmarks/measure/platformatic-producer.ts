// @platformatic/kafka 1.x, which runs on Node 20, behind kafkajs's `connect`, `send` and `disconnect`: what a caller may hand in as `producer`.
import { type MessageToProduce, Producer, stringSerializers } from 'platformatic-kafka-1';
import type { ProducerLike } from 'winston-kafkajs';

interface Message {
  readonly value: string;
  readonly key: string | null;
  readonly partition?: number;
  readonly timestamp: string;
}

export class PlatformaticProducer implements ProducerLike {
  readonly #producer: Producer<string, string, string, string>;

  constructor(brokers: readonly string[]) {
    this.#producer = new Producer({
      clientId: 'benchmarks',
      bootstrapBrokers: [...brokers],
      serializers: stringSerializers,
      retries: 0,
    });
  }

  async connect(): Promise<void> {
    await this.#producer.connectToBrokers();
  }

  async send({ topic, messages }: { topic: string; messages: readonly Message[] }): Promise<unknown> {
    const { offsets = [] } = await this.#producer.send({
      acks: -1,
      messages: messages.map(({ value, key, partition, timestamp }) => {
        const message: MessageToProduce<string, string, string, string> = {
          topic,
          value,
          timestamp: BigInt(timestamp),
        };
        if (key !== null) message.key = key;
        if (partition !== undefined) message.partition = partition;
        return message;
      }),
    });
    return offsets.map(({ partition }) => ({ topicName: topic, partition, errorCode: 0 }));
  }

  async disconnect(): Promise<void> {
    await this.#producer.close();
  }
}
