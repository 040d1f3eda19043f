import type { Clock, Timer } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { Backlog, type DropListener } from './backlog.ts';
import { type BackoffOptions, fullJitter } from './backoff.ts';
import type { BufferLimits } from './buffer.ts';
import type { ClientSource, DeliveryClient, PartitionsListener } from './client.ts';
import { Connection } from './connection.ts';
import { withDeadline } from './deadline.ts';
import type { Ledger } from './ledger.ts';
import type { DropReason, PendingRecord } from './record.ts';
import type { Batch, BatchLimits, LanePolicy } from './topic-lanes.ts';
import { judgeAnswer, judgeError, type Verdict } from './verdict.ts';

export interface ShipperOptions {
  /** Makes the source of clients; what these find out about partitions goes to the listener. */
  source(onPartitions: PartitionsListener): ClientSource;
  clock: Clock;
  random(): number;
  batch: BatchLimits;
  buffer: BufferLimits;
  retry: BackoffOptions & { maxAgeMs: number | undefined };
  requestTimeoutMs: number;
  idleTimeoutMs: number;
  partitionOfKey: LanePolicy['partitionOfKey'];
  ledger: Ledger;
}

/** What the shipper tells. */
export interface ShipperEvents {
  /** The broker has acknowledged these. */
  onDelivered(records: readonly PendingRecord[]): void;
  onDropped: DropListener;
  /** Nothing gets through any more; told once per outage. `unreachable`: there is no connection to speak of. */
  onOutage(cause: unknown, unreachable: boolean): void;
}

/** What became of all records that had been accepted when a flush began. */
export interface FlushReport {
  /** Acknowledged by the broker. */
  delivered: number;
  /** Not delivered, and counted with a reason under `stats().dropped`. */
  dropped: number;
  /** Still waiting when the flush ran out of time; 0 otherwise. */
  pending: number;
}

// As many as Kafka's own producer has under way at a time (max.in.flight.requests.per.connection). They go to
// different partitions: a lane never has more than one.
const MAX_SENDS = 5;
// Refusals in a row, without a success, after which a client is replaced and an outage is declared. Fewer happen
// in a healthy cluster: a leader moves, a topic is being created.
const PATIENCE = 4;
// How often one record may fail inside the client's own code before that is taken as the record's fault.
const ENCODING_ATTEMPTS = 3;

/** From accepted to acknowledged: forms batches, sends them, and sees to it that they arrive or are counted. */
export class Shipper {
  readonly #options: ShipperOptions;
  readonly #events: ShipperEvents;
  readonly #backlog: Backlog;
  readonly #connection: Connection;
  #state: 'idle' | 'up' | 'down' = 'idle';
  #failuresInRow = 0;
  #timer: Timer | undefined;
  #isPumpDue = false;
  /** While somebody flushes, no batch waits to be filled. */
  #flushes = 0;
  #isStopped = false;

  sends = 0;
  retries = 0;
  lastError: { message: string; at: number } | null = null;

  constructor(options: ShipperOptions, events: ShipperEvents) {
    this.#options = options;
    this.#events = events;
    const { ledger, buffer, batch, partitionOfKey, random, clock } = options;
    const source = options.source((topic, count, writable) => this.#backlog.learn(topic, count, writable));
    const { keepsTogether } = source;
    const now = clock.monotonic;
    const lanePolicy: LanePolicy = { limits: batch, partitionOfKey, keepsTogether, random, now };
    this.#backlog = new Backlog(ledger, buffer, lanePolicy, events.onDropped);
    this.#connection = new Connection({
      ...options,
      source,
      onOpen: () => this.#pump(),
      onFailure: (error) => {
        this.#noteFailure(error, true);
        this.#pump();
      },
      onIdle: () => {
        if (this.#state === 'up') this.#state = 'idle';
        this.#pump();
      },
    });
  }

  get state(): 'idle' | 'up' | 'down' {
    return this.#state;
  }

  /** How often a client had to be connected anew. */
  get reconnects(): number {
    return Math.max(0, this.#connection.opened - 1);
  }

  /** Takes a record in. The application is waiting: all else happens later, in a turn of its own. */
  add(record: PendingRecord): void {
    if (this.#isStopped) {
      this.refuse(record, 'closed', undefined);
      return;
    }
    const isFull = this.#backlog.add(record);
    if (this.#isPumpDue) return;
    // In an outage the timer of the next attempt decides; a full batch changes nothing.
    if (isFull && this.#state !== 'down') this.#pumpSoon();
    else this.#timer ??= this.#options.clock.after(this.#options.batch.lingerMs, () => this.#pump());
  }

  /** Takes no record in: it is counted and told as any other that is dropped. */
  refuse(record: PendingRecord, reason: DropReason, cause: unknown): void {
    this.#backlog.refuse(record, reason, cause);
  }

  /** Resolves when all that is accepted so far is settled, or the time is up. Keeps the process alive until then. */
  async flush(timeoutMs: number): Promise<FlushReport> {
    const { ledger, clock } = this.#options;
    const watcher = ledger.watch();
    if (watcher.pending > 0) {
      this.#flushes++;
      this.#backlog.hurry();
      this.#connection.hurry();
      this.#pumpSoon();
      await new Promise<void>((resolve) => {
        const timer = clock.after(timeoutMs, resolve, true);
        watcher.onDone = () => {
          clock.cancel(timer);
          resolve();
        };
      });
      this.#flushes--;
      ledger.unwatch(watcher);
    }
    const { delivered, dropped, pending } = watcher;
    return { delivered, dropped, pending };
  }

  /** Lets go of the client. Resolves when its connections are closed. */
  async release(): Promise<void> {
    await this.#connection.replace();
    if (this.#state === 'up') this.#state = 'idle';
  }

  /** Gives up what is left, and lets go of the client. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#options.clock.cancel(this.#timer);
    this.#backlog.dropAll('closed', undefined);
    await this.release();
  }

  /** The opposite of `stop`. */
  restart(): void {
    this.#isStopped = false;
  }

  #pumpSoon(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    this.#options.clock.soon(() => this.#pump());
  }

  /** Sends what is due, and arms the timer for what is due next. */
  #pump(): void {
    const { clock, ledger } = this.#options;
    this.#isPumpDue = false;
    clock.cancel(this.#timer);
    this.#timer = undefined;
    if (this.#isStopped) return;
    const expiry = this.#expire();
    const force = this.#flushes > 0;
    const now = clock.monotonic();
    this.#sendDue(now, force);
    this.#connection.noteWork(ledger.held > 0);
    const next = Math.min(this.#nextAttempt(now, force), expiry);
    // Never at once: what could be done now has just been done.
    if (next < Number.POSITIVE_INFINITY)
      this.#timer = clock.after(Math.max(1, next - now), () => this.#pump());
  }

  #sendDue(now: number, force: boolean): void {
    const { client } = this.#connection;
    if (client === undefined) {
      const due = this.#backlog.nextDue(force);
      if (due !== undefined && due <= now) this.#connection.open();
      return;
    }
    while (this.#maySend()) {
      const batch = this.#backlog.take(now, force);
      if (batch === undefined) break;
      void this.#send(client, batch);
    }
  }

  /** One at a time until the first has come through: several at a silent broker only get in each other's way. */
  #maySend(): boolean {
    return this.#backlog.batchesInFlight < (this.#state === 'up' ? MAX_SENDS : 1);
  }

  #nextAttempt(now: number, force: boolean): number {
    const due = this.#backlog.nextDue(force) ?? Number.POSITIVE_INFINITY;
    if (this.#connection.client !== undefined) return this.#maySend() ? due : Number.POSITIVE_INFINITY;
    const openable = this.#connection.openableAt ?? Number.POSITIVE_INFINITY;
    return Math.max(now, due, openable);
  }

  #expire(): number {
    const { clock, retry } = this.#options;
    if (retry.maxAgeMs === undefined) return Number.POSITIVE_INFINITY;
    const oldest = this.#backlog.expire(clock.wall() - retry.maxAgeMs);
    if (oldest === undefined) return Number.POSITIVE_INFINITY;
    return clock.monotonic() + (oldest + retry.maxAgeMs - clock.wall()) + 1;
  }

  async #send(client: DeliveryClient, batch: Batch): Promise<void> {
    const { clock, requestTimeoutMs } = this.#options;
    this.sends++;
    if (batch.lane.failures > 0) this.retries++;
    let verdict: Verdict;
    try {
      verdict = judgeAnswer(
        await withDeadline(client.send(batch), requestTimeoutMs, 'a send to Kafka', clock),
        batch,
      );
    } catch (error) {
      verdict = judgeError(error);
    }
    this.#conclude(batch, verdict);
    this.#pump();
  }

  #conclude(batch: Batch, verdict: Verdict): void {
    switch (verdict.kind) {
      case 'delivered': {
        this.#noteSuccess();
        this.#events.onDelivered(this.#backlog.deliver(batch));
        return;
      }
      case 'again': {
        this.#giveBack(batch);
        this.#noteFailure(verdict.cause, verdict.replaceClient);
        if (verdict.replaceClient || this.#failuresInRow % PATIENCE === 0) this.#replaceClient();
        return;
      }
      case 'relearn': {
        this.#backlog.forget(batch.topic);
        batch.partition = undefined;
        this.#giveBack(batch);
        this.#noteFailure(verdict.cause, false);
        return;
      }
      case 'refuse': {
        this.#noteError(verdict.cause);
        this.#backlog.reject(batch, 'rejected', verdict.cause);
        return;
      }
      case 'halve': {
        this.#noteError(verdict.cause);
        if (batch.records.length > 1) {
          this.#backlog.halve(batch);
          this.#backlog.giveBack(batch, 0);
        } else if (verdict.certain || batch.lane.failures >= ENCODING_ATTEMPTS) {
          this.#backlog.reject(batch, verdict.reason, verdict.cause);
        } else {
          this.#giveBack(batch);
        }
      }
    }
  }

  #giveBack(batch: Batch): void {
    const { clock, retry, random } = this.#options;
    const delay = fullJitter(batch.lane.failures + 1, retry, random);
    this.#backlog.giveBack(batch, clock.monotonic() + delay);
  }

  #replaceClient(): void {
    void this.#connection.replace().then(() => this.#pump());
  }

  #noteSuccess(): void {
    this.#failuresInRow = 0;
    this.#state = 'up';
    this.#connection.noteSuccess();
  }

  #noteFailure(cause: unknown, unreachable: boolean): void {
    this.#noteError(cause);
    this.#failuresInRow++;
    if (this.#state === 'down' || !(unreachable || this.#failuresInRow >= PATIENCE)) return;
    this.#state = 'down';
    this.#events.onOutage(cause, unreachable);
  }

  #noteError(cause: unknown): void {
    this.lastError = { message: messageOf(cause), at: this.#options.clock.wall() };
  }
}
