// One life of a transport, from its making to its end: in this process, or in one of its own (child-life.ts).
import winston from 'winston';
import {
  type FlushReport,
  KafkaTransport,
  type KafkaTransportError,
  type TransportStats,
  type Undelivered,
} from '../../lib/index.ts';
import { accountedFor } from '../../spec/support/accounting.ts';
import { KEYS } from './findings.ts';
import type { Schedule } from './schedule.ts';

export const TOPIC = 'soak';
/** Where there is one, a record in so many goes there. */
export const MISSING_TOPIC = 'soak-missing';
const FOR_MISSING_TOPIC = 5;
export const REQUEST_TIMEOUT_MS = 150;
export const MAX_MESSAGE_BYTES = 20_000;

export interface LifeConfig {
  readonly brokers: readonly string[];
  readonly schedule: Omit<Schedule, 'seed' | 'brokers' | 'partitions' | 'steps'>;
  /** Of the spool. */
  readonly directory: string;
  /** Whether a process was killed that may have been in the middle of writing there. */
  readonly mayBeTorn: boolean;
}

/** What the application does in a life. Records are told by their numbers. */
export type Command =
  | { readonly do: 'log'; readonly from: number; readonly records: number }
  | { readonly do: 'poison'; readonly number: number }
  | { readonly do: 'flush'; readonly timeoutMs: number }
  | { readonly do: 'remove and add' };

export interface LifeEvents {
  onHandedOn(number: number): void;
  /** What must not happen at all. */
  onMishap(what: string): void;
}

// With a spool, what memory cannot hold and what is left at the end is on disk, and handed to nobody.
const SPOOLED_INSTEAD: readonly string[] = [
  'overflow',
  'expired',
  'closed',
] satisfies Undelivered['reason'][];

export class Life {
  readonly #transport: KafkaTransport;
  readonly #logger: winston.Logger;
  readonly #events: LifeEvents;
  readonly #hasSpool: boolean;
  readonly #levels: readonly string[];

  constructor({ brokers, schedule, directory, mayBeTorn }: LifeConfig, events: LifeEvents) {
    const { keyed, idempotent, batchRecords, bufferRecords, overflow, spool, hasMissingTopic } = schedule;
    this.#events = events;
    this.#hasSpool = spool !== 'none';
    this.#levels = overflow === 'drop-lowest' ? ['info', 'error', 'warn', 'info'] : ['info'];
    this.#transport = new KafkaTransport({
      topic: ({ message }) =>
        hasMissingTopic && Number.parseInt(message, 10) % FOR_MISSING_TOPIC === 0 ? MISSING_TOPIC : TOPIC,
      kafka: { brokers: [...brokers] },
      idempotent,
      ...(keyed && { key: ({ message }) => `key ${Number.parseInt(message, 10) % KEYS}` }),
      batch: { maxRecords: batchRecords, lingerMs: 1 },
      buffer: { maxRecords: bufferRecords, overflow },
      retry: { initialMs: 1, maxMs: 20 },
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      closeTimeoutMs: 300,
      clientLog: { level: 'nothing' },
      dropNotice: false,
      fallback: (undelivered) => this.#onUndelivered(undelivered),
      ...(spool !== 'none' && { spool: { directory, mode: spool } }),
    });
    this.#transport.on('error', (error: Error) => events.onMishap(`an error event: ${error.message}`));
    const mishaps = ['ERR_CALLBACK_FAILED', 'ERR_FALLBACK_FAILED', 'ERR_SPOOL_FAILED'];
    if (!mayBeTorn) mishaps.push('ERR_SPOOL_DAMAGED');
    this.#transport.on('warn', ({ code, message }: KafkaTransportError) => {
      if (mishaps.includes(code)) events.onMishap(message);
    });
    this.#logger = winston.createLogger({
      format: winston.format.printf(({ message }) => String(message)),
      transports: [this.#transport],
    });
  }

  #log(number: number): void {
    const level = this.#levels[number % this.#levels.length] ?? 'info';
    this.#logger.log(level, `${number} record`);
  }

  async take(command: Command): Promise<void> {
    switch (command.do) {
      case 'log':
        for (let n = 0; n < command.records; n++) this.#log(command.from + n);
        break;
      case 'poison':
        this.#logger.info(`${command.number} ${'x'.repeat(2 * MAX_MESSAGE_BYTES)}`);
        break;
      case 'flush':
        await this.flush(command.timeoutMs);
        break;
      case 'remove and add':
        this.#logger.remove(this.#transport);
        this.#logger.add(this.#transport);
    }
    this.#checkLaw();
  }

  async flush(timeoutMs: number): Promise<FlushReport> {
    return await this.#transport.flush(timeoutMs);
  }

  async close(): Promise<FlushReport> {
    const report = await this.#transport.close();
    this.#checkLaw();
    return report;
  }

  stats(): TransportStats {
    return this.#transport.stats();
  }

  #onUndelivered({ message, reason }: Undelivered): void {
    const number = Number.parseInt(message, 10);
    this.#events.onHandedOn(number);
    if (this.#hasSpool && SPOOLED_INSTEAD.includes(reason)) {
      this.#events.onMishap(`${number} was dropped (${reason}), with a spool`);
    }
  }

  #checkLaw(): void {
    const stats = this.#transport.stats();
    if (stats.accepted !== accountedFor(stats)) this.#events.onMishap('the counts do not balance');
  }
}
