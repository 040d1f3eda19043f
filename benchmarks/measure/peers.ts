// What the transport is compared with.
import type { Producer } from 'kafkajs';
import TransportStream from 'winston-transport';

type Info = Readonly<Record<string | symbol, unknown>>;

const MESSAGE = Symbol.for('message');

/** The floor: what winston costs by itself. */
export class DoesNothing extends TransportStream {
  delivered = 0;

  override log(_info: Info, callback: () => void): void {
    this.delivered++;
    callback();
  }
}

/** The floor of buffering. */
export class KeepsText extends TransportStream {
  readonly texts: unknown[] = [];

  override log(info: Info, callback: () => void): void {
    this.texts.push(info[MESSAGE]);
    callback();
  }
}

/** As in many tutorials: a send for each record, and the next when it has been acknowledged. */
export class SendsEach extends TransportStream {
  delivered = 0;
  readonly #producer: Producer;
  readonly #topic: string;

  constructor(producer: Producer, topic: string) {
    super();
    this.#producer = producer;
    this.#topic = topic;
  }

  override async log(info: Info, callback: () => void): Promise<void> {
    await this.#producer.send({ topic: this.#topic, messages: [{ value: String(info[MESSAGE]) }] });
    this.delivered++;
    callback();
  }
}
