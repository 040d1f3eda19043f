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

/** The floor of buffering within bounds: the newest texts, of so many characters together. */
export class KeepsNewest extends TransportStream {
  readonly #most: number;
  #texts: (string | undefined)[] = [];
  #head = 0;
  #length = 0;

  constructor(most: number) {
    super();
    this.#most = most;
  }

  override log(info: Info, callback: () => void): void {
    const text = String(info[MESSAGE]);
    this.#texts.push(text);
    this.#length += text.length;
    while (this.#length > this.#most) {
      this.#length -= this.#texts[this.#head]?.length ?? 0;
      this.#texts[this.#head++] = undefined;
    }
    if (this.#head > 1_000 && 2 * this.#head > this.#texts.length) {
      this.#texts = this.#texts.slice(this.#head);
      this.#head = 0;
    }
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
