import { Kafka, type KafkaConfig, logLevel, Partitioners, type Producer } from 'kafkajs';
import winston from 'winston';
import TransportStream from 'winston-transport';
import { winstonLogCreator } from '../lib/index.ts';
import type { TrapFigures } from './figures.ts';
import { measureLoopDelay } from './loop-delay.ts';
import { number, type Screen } from './screen.ts';

const MESSAGE = Symbol.for('message');
const MAX_MS = 2_000;
const MAX_SENDS = 10_000;
const POLL_MS = 20;

/** A Kafka transport as tutorials write it, with a limit: it would not come to an end by itself. */
class PlainKafkaTransport extends TransportStream {
  readonly #topic: string;
  readonly #producer: Producer;
  /** Checked here and not by a timer: a loop such as this one can keep timers from ever firing. */
  #endsAt = Number.POSITIVE_INFINITY;
  #sending: Promise<unknown> = Promise.resolve();
  sends = 0;

  constructor(topic: string, producer: Producer) {
    super();
    this.#topic = topic;
    this.#producer = producer;
  }

  get isOver(): boolean {
    return this.sends >= MAX_SENDS || performance.now() >= this.#endsAt;
  }

  override async log(info: Record<string | symbol, unknown>, next: () => void): Promise<void> {
    if (this.sends === 0) this.#endsAt = performance.now() + MAX_MS;
    if (!this.isOver) {
      this.sends++;
      const sending = this.#producer.send({
        topic: this.#topic,
        messages: [{ value: String(info[MESSAGE]) }],
      });
      this.#sending = sending;
      // A tutorial has no `catch` either, and dies of it; here only the loop is on show.
      await sending.catch(() => undefined);
    }
    next();
  }

  /** Sends no more; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#endsAt = 0;
    await Promise.allSettled([this.#sending]);
  }
}

/** One record, a plain transport, and its Kafka client's log wired to the same logger. */
export async function springTrap(kafka: KafkaConfig, topic: string, screen: Screen): Promise<TrapFigures> {
  const logger = winston.createLogger({ level: 'debug', format: winston.format.json(), silent: true });
  const toLogger = winstonLogCreator(logger);
  let lines = 0;
  const client = new Kafka({
    ...kafka,
    logLevel: logLevel.DEBUG,
    logCreator: (level) => {
      const log = toLogger(level);
      return (entry) => {
        if (!logger.silent) lines++;
        log(entry);
      };
    },
  });
  const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  const transport = new PlainKafkaTransport(topic, producer);
  logger.add(transport);
  // Silent until it is connected: what the client logs before would only blur the count of what *one* record does.
  await producer.connect();
  logger.silent = false;

  const loopDelay = measureLoopDelay();
  const startedAt = performance.now();
  const seconds = (): number => (performance.now() - startedAt) / 1_000;
  const waiting = (): number => Math.max(0, 1 + lines - transport.sends);
  logger.info('GET /orders/1', { seq: 0 });
  await screen.watch(
    () =>
      `1 record logged · ${number(transport.sends)} sends · ${number(waiting())} more waiting · ${seconds().toFixed(1)} s`,
    isOver(transport),
  );

  const figures = {
    sends: transport.sends,
    waiting: waiting(),
    seconds: seconds(),
    loopDelayMs: loopDelay(),
  };
  logger.silent = true;
  await transport.stop();
  await producer.disconnect();
  logger.close();
  return figures;
}

async function isOver(transport: PlainKafkaTransport): Promise<void> {
  do await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  while (!transport.isOver);
}
