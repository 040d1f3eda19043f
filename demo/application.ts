import { once } from 'node:events';
import { type KafkaConfig, logLevel } from 'kafkajs';
import winston from 'winston';
import TransportStream from 'winston-transport';
import { KafkaTransport, winstonLogCreator } from '../lib/index.ts';
import { type Arrived, countArrivals } from './arrivals.ts';
import type { ShippingFigures } from './figures.ts';
import { measureLoopDelay } from './loop-delay.ts';
import { number } from './screen.ts';
import { Service } from './service.ts';
import { Traffic } from './traffic.ts';

const MESSAGE = Symbol.for('message');
const POLL_MS = 20;

/** The logger's other transport: what would be on the console is counted instead. */
class CountingConsole extends TransportStream {
  clientLines = 0;
  sample = '';

  override log(info: Record<string | symbol, unknown>, next: () => void): void {
    if (info.logger === 'kafkajs') {
      this.clientLines++;
      if (String(info.message).startsWith('Request Produce')) this.sample ||= String(info[MESSAGE]);
    }
    next();
  }
}

/** A service under traffic, logged through a `KafkaTransport` whose client logs to the service's own logger. */
export class Application {
  readonly #logger: winston.Logger;
  readonly #console: CountingConsole;
  readonly #service: Service;
  readonly #traffic: Traffic;
  readonly #loopDelay = measureLoopDelay();
  readonly transport: KafkaTransport;

  private constructor(
    logger: winston.Logger,
    transport: KafkaTransport,
    sibling: CountingConsole,
    service: Service,
  ) {
    this.#logger = logger;
    this.transport = transport;
    this.#console = sibling;
    this.#service = service;
    this.#traffic = new Traffic(service.url);
  }

  static async start(kafka: KafkaConfig, topic: string): Promise<Application> {
    const sibling = new CountingConsole({
      format: winston.format.printf(({ level, namespace, message }) => `${level} [${namespace}] ${message}`),
    });
    const logger = winston.createLogger({
      level: 'debug',
      format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
      transports: [sibling],
    });
    const transport = new KafkaTransport({
      topic,
      // The very wiring of the trap.
      kafka: { ...kafka, logCreator: winstonLogCreator(logger), logLevel: logLevel.DEBUG },
      // For people who watch: the default lets up to ten seconds pass between two attempts.
      retry: { maxMs: 500 },
    });
    logger.add(transport);
    return new Application(logger, transport, sibling, await Service.start(logger));
  }

  /** One of the client's lines, as the console would have it. */
  get sample(): string {
    return this.#console.sample;
  }

  /** Records that wait in memory or are under way. */
  get waiting(): number {
    const { buffered, inFlight } = this.transport.stats();
    return buffered.records + inFlight;
  }

  get counters(): string {
    const { answered, slowestMs } = this.#traffic;
    const { delivered, sends, suppressed } = this.transport.stats();
    return [
      `${number(answered)} answered (slowest ${number(slowestMs)} ms)`,
      `${number(this.#service.logged)} logged`,
      `${number(delivered)} delivered`,
      `${number(this.waiting)} waiting`,
      `${number(sends)} sends`,
      `${number(suppressed.reentrant)} kept out`,
    ].join(' · ');
  }

  async caughtUp(withinMs: number): Promise<void> {
    const endsAt = performance.now() + withinMs;
    while (this.waiting > 0 && performance.now() < endsAt) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Ends as an application does: no more requests, then the logger. @returns what is to be seen from here */
  async stop(): Promise<(records: readonly Arrived[]) => ShippingFigures> {
    await this.#traffic.stop();
    const loopDelayMs = this.#loopDelay();
    await this.#service.stop();
    const finished = once(this.#logger, 'finish');
    this.#logger.end();
    await finished;

    const { asked, answered, slowestMs } = this.#traffic;
    const { delivered, sends, reconnects, suppressed } = this.transport.stats();
    const own = {
      ...{
        asked,
        answered,
        slowestMs,
        logged: this.#service.logged,
        delivered,
        sends,
        reconnects,
        loopDelayMs,
      },
      keptOut: suppressed.reentrant,
      keptOutSeen: this.#console.clientLines,
    };
    return (records) => ({ ...own, arrivals: countArrivals(records) });
  }
}
