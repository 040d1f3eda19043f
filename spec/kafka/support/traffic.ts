// A service that logs numbered records through a real winston logger, while things go wrong.
import type winston from 'winston';
import type { KafkaTransport } from '../../../lib/index.ts';

const TICK_MS = 10;
// What may wait before the service holds back, so that the rows without a bound of memory shed nothing.
const MAX_BUFFERED = 40_000;
const PADDING = 'x'.repeat(230);

/** `17 xxx…`: what a record with this number looks like. */
export function textOf(number: number): string {
  return `${number} ${PADDING}`;
}

export class Traffic {
  readonly #logger: winston.Logger;
  readonly #transport: KafkaTransport;
  readonly #perTick: number;
  readonly #text: (number: number) => string;
  #timer: NodeJS.Timeout | undefined;
  /** How many were logged: the numbers from 0. */
  logged = 0;

  constructor(
    logger: winston.Logger,
    transport: KafkaTransport,
    perSecond: number,
    text: (number: number) => string = textOf,
  ) {
    this.#logger = logger;
    this.#transport = transport;
    this.#perTick = Math.max(1, Math.round((perSecond * TICK_MS) / 1000));
    this.#text = text;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Logs until there are so many. */
  async upTo(count: number): Promise<void> {
    this.start();
    while (this.logged < count) await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    this.stop();
  }

  #tick(): void {
    if (this.#transport.stats().buffered.records > MAX_BUFFERED) return;
    for (let n = 0; n < this.#perTick; n++) this.#logger.info(this.#text(this.logged++));
  }
}
