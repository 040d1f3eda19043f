// For the specs of the pure cores: time held still, records made by hand, and a Kafka client that does as it is told.

import { type Batch, isPacked, type Records } from '../../lib/accumulator/batch.ts';
import type { BatchingPolicy } from '../../lib/accumulator/batching-policy.ts';
import { Ledger } from '../../lib/accumulator/ledger.ts';
import { PagePool } from '../../lib/accumulator/store/page-pool.ts';
import { PagedQueue } from '../../lib/accumulator/store/paged-queue.ts';
import type { ClientSource, DeliveryClient } from '../../lib/clients/client.ts';
import { answeredPartition } from '../../lib/clients/send-result.ts';
import { PendingRecord, type RecordHeaders, type RecordKey } from '../../lib/record/record.ts';
import { Sender } from '../../lib/sender/sender.ts';
import type { FlushReport, SenderOptions } from '../../lib/sender/sender-options.ts';
import type { Clock, Timer } from '../../lib/time/clock.ts';

export interface RecordParts {
  topic?: string;
  level?: string;
  severity?: number;
  text?: string;
  key?: RecordKey;
  headers?: RecordHeaders;
  requestedPartition?: number;
}

export function recordOf(parts: RecordParts = {}): PendingRecord {
  const { topic = 'logs', level = 'info', severity = 2, text = 'x', key = null, ...others } = parts;
  return new PendingRecord({ topic, level, severity, time: 0, text, key, headers: undefined, ...others });
}

/** A batch as a client sees it. */
export function clientBatch(topic: string, content: Records, partition?: number): Batch {
  const batch = {
    ...{ topic, content, partition },
    bindTo: (found: number): void => {
      batch.partition = found;
    },
  };
  return batch;
}

/** Without making objects of those that stand in pages. */
export function textsOf(records: Records | undefined): string[] {
  if (records === undefined) return [];
  if (!isPacked(records)) return records.map(({ text }) => text);
  const texts: string[] = [];
  records.each((page, at) => texts.push(page.textAt(at)));
  return texts;
}

interface Due {
  at: number;
  fn: () => void;
}

/** Time that only passes when it is told to. Counts what it is asked for, so that a spec sees a timer that spins. */
export class HeldClock implements Clock {
  now = 0;
  wallOffset = 1_000_000;
  fired = 0;
  readonly #timers = new Map<object, Due>();
  readonly #soon: (() => void)[] = [];
  #asked = 0;

  readonly wall = (): number => this.now + this.wallOffset;
  readonly systemTime = this.wall;
  readonly monotonic = (): number => this.now;

  after(ms: number, fn: () => void): Timer {
    this.#asked++;
    const timer = {};
    this.#timers.set(timer, { at: this.now + ms, fn });
    return timer as Timer;
  }

  cancel(timer: Timer | undefined): void {
    if (timer !== undefined) this.#timers.delete(timer);
  }

  soon(fn: () => void): void {
    this.#asked++;
    this.#soon.push(fn);
  }

  get armed(): number {
    return this.#timers.size;
  }

  /** Lets promises and what is to run soon have their turns, until nobody has asked for anything for some of them. */
  async settle(): Promise<void> {
    let quietTurns = 0;
    while (quietTurns < 5) {
      const before = this.#asked;
      for (const fn of this.#soon.splice(0)) fn();
      await new Promise((resolve) => setImmediate(resolve));
      quietTurns = this.#asked === before ? quietTurns + 1 : 0;
    }
  }

  /** Lets so many milliseconds pass, one timer after the other. */
  async pass(ms: number): Promise<void> {
    const until = this.now + ms;
    await this.settle();
    for (;;) {
      const next = [...this.#timers].sort(([, a], [, b]) => a.at - b.at)[0];
      if (next === undefined || next[1].at > until) break;
      this.#timers.delete(next[0]);
      this.now = Math.max(this.now, next[1].at);
      this.fired++;
      next[1].fn();
      await this.settle();
    }
    this.now = until;
  }
}

export type Answer = (batch: Batch, client: number) => unknown;

/** The answer of a broker that has stored the batch. */
export function stored(batch: Batch): unknown {
  return [{ topicName: batch.topic, partition: batch.partition ?? 0, errorCode: 0 }];
}

export interface Sent {
  client: number;
  topic: string;
  partition: number | undefined;
  texts: string[];
}

/** A sender in front of clients that answer as the spec says. */
export class Rig {
  readonly clock = new HeldClock();
  readonly ledger = new Ledger();
  readonly sent: Sent[] = [];
  readonly delivered: string[] = [];
  readonly dropped: { text: string; reason: string; cause: unknown }[] = [];
  readonly outages: { cause: unknown; unreachable: boolean }[] = [];
  readonly events: string[] = [];
  readonly sender: Sender;
  answer: Answer = stored;
  connect: (client: number) => Promise<void> = async () => undefined;
  close: (client: number) => Promise<void> = async () => undefined;
  make: () => void = () => undefined;
  learns: number | undefined;

  constructor(
    overrides: Partial<SenderOptions> & { source?: never } = {},
    source: Partial<ClientSource> = {},
  ) {
    let made = 0;
    this.sender = new Sender(
      {
        clock: this.clock,
        random: () => 0.999,
        batch: { maxRecords: 10, maxBytes: 10_000, lingerMs: 20 },
        buffer: { maxRecords: 1_000, maxBytes: 1_000_000, overflow: 'drop-oldest' },
        retry: { initialMs: 100, maxMs: 1_000, maxAgeMs: undefined },
        requestTimeoutMs: 10_000,
        idleTimeoutMs: 2_000,
        partitionOfKey: (key, count) => Number(key) % count,
        ledger: this.ledger,
        ...overrides,
        source: (onPartitions) => ({
          keepsSendTogether: true,
          resendsWhole: false,
          isOwned: true,
          brokerCount: 1,
          ...source,
          make: () => {
            this.make();
            return this.#client(++made, onPartitions);
          },
        }),
      },
      {
        onDelivered: (records) => this.delivered.push(...textsOf(records)),
        onDropped: ({ text }, reason, cause) => this.dropped.push({ text, reason, cause }),
        onOutage: (cause, unreachable) => this.outages.push({ cause, unreachable }),
        onState: () => undefined,
        onAnswer: () => undefined,
      },
    );
  }

  log(...texts: string[]): void {
    for (const text of texts) this.sender.add(recordOf({ text }));
  }

  /** A flush whose report can be looked at later; time has to be passed for it. */
  flush(timeoutMs = 5_000): Promise<FlushReport> {
    return this.sender.flush(timeoutMs);
  }

  #client(
    id: number,
    learn: (topic: string, count: number, writable: readonly number[]) => void,
  ): DeliveryClient {
    return {
      connect: () => this.connect(id),
      send: async (batch) => {
        const { topic, partition, content } = batch;
        this.sent.push({ client: id, topic, partition, texts: textsOf(content) });
        if (this.learns !== undefined) {
          learn(topic, this.learns, []);
          batch.bindTo(partition ?? 0);
        }
        const answer = await this.answer(batch, id);
        const answered = answeredPartition(answer, batch);
        if (answered !== undefined) batch.bindTo(answered);
        return answer;
      },
      close: () => {
        this.events.push(`close ${id}`);
        return this.close(id);
      },
      kill: () => this.events.push(`kill ${id}`),
    };
  }
}

/** A promise to be settled by hand. */
export function deferred<Value>(): {
  promise: Promise<Value>;
  resolve: (value: Value) => void;
  reject: (error: unknown) => void;
} {
  let resolve: (value: Value) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<Value>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** A queue, and nobody who wants to know of its oldest record. */
export function deepQueue(pool: PagePool = new PagePool()): PagedQueue {
  return new PagedQueue(pool, () => undefined);
}

export function batchingPolicy(overrides: Partial<BatchingPolicy> = {}): BatchingPolicy {
  const pool = new PagePool();
  return {
    limits: { maxRecords: 10, maxBytes: 10_000, lingerMs: 20 },
    partitionOfKey: (key, count) => Buffer.from(key as string).reduce((sum, byte) => sum + byte, 0) % count,
    keepsSendTogether: true,
    resendsWhole: false,
    makeQueue: () => deepQueue(pool),
    random: () => 0,
    now: () => 0,
    ...overrides,
  };
}
