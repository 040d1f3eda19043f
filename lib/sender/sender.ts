import { RecordAccumulator } from '../accumulator/record-accumulator.ts';
import { Serializing } from '../accumulator/serializing.ts';
import type { ClientSource } from '../clients/client.ts';
import { messageOf } from '../errors.ts';
import type { DropReason, PendingRecord } from '../record/record.ts';
import { attempt } from '../util/safely.ts';
import { Connection } from './connection.ts';
import { drainOnExit } from './drain-on-exit.ts';
import { MissingTopics } from './exit-wait/missing-topics.ts';
import { UnreachedBrokers } from './exit-wait/unreached-brokers.ts';
import { Flushes, type LookForEnd } from './flushes.ts';
import { Health, type HealthState } from './health.ts';
import { SendResultHandler } from './results/send-result-handler.ts';
import { TopicProbe } from './results/topic-probe.ts';
import { SendLoop } from './send-loop.ts';
import type { FlushReport, SenderEvents, SenderOptions } from './sender-options.ts';

// How long there is no connection after a disconnect: longer than the old one may take to close.
const DISCONNECTED_MS = 2_000;

/** From accepted to acknowledged: forms batches, sends them, and sees to it that they arrive or are counted. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #source: ClientSource;
  readonly #accumulator: RecordAccumulator;
  readonly #connection: Connection;
  readonly #health: Health;
  readonly #unreachedBrokers: UnreachedBrokers;
  readonly #missingTopics: MissingTopics;
  readonly #serializing: Serializing | undefined;
  readonly #events: SenderEvents;
  readonly #flushes: Flushes;
  readonly #loop: SendLoop;

  constructor(options: SenderOptions, events: SenderEvents) {
    this.#options = options;
    this.#events = events;
    const { ledger, buffer, batch, partitionOfKey, random, clock } = options;
    this.#flushes = new Flushes({ ledger, clock, onBegin: () => this.#onFlush() });
    const source = options.source((topic, count, writable) =>
      this.#accumulator.setPartitions(topic, count, writable),
    );
    this.#source = source;
    const { keepsSendTogether, resendsWhole } = source;
    const now = clock.monotonic;
    const batchingPolicy = { limits: batch, partitionOfKey, keepsSendTogether, resendsWhole, random, now };
    this.#accumulator = new RecordAccumulator(
      ledger,
      buffer,
      batchingPolicy,
      events.onDropped,
      options.spool,
      events.onHeld,
    );
    this.#health = new Health(clock.systemTime, events);
    this.#unreachedBrokers = new UnreachedBrokers(clock, source.brokerCount);
    // What waits for its value is no work for a client yet: kept open, its connection would keep the process alive for as long.
    const hasWork = (): boolean => ledger.unsettled > this.#accumulator.unserializedCount;
    this.#missingTopics = new MissingTopics(clock, () => this.#accumulator.waitingTopics());
    const topicProbe = new TopicProbe();
    this.#connection = new Connection({
      ...options,
      source,
      hasWork,
      onOpen: () => {
        this.#unreachedBrokers.onConnected();
        topicProbe.onFreshClient();
        this.#loop.run();
      },
      onFailure: (cause, failures) => {
        this.#unreachedBrokers.recordFailure(cause);
        // What fails while the transport is being closed is no news.
        if (this.#loop.isStopped) return;
        this.#health.recordFailure({
          cause,
          isUnreachable: failures >= source.brokerCount,
          queueFailures: 0,
        });
      },
      onRenewed: () => this.#loop.run(),
      onClosed: () => {
        this.#loop.endThrottle();
        if (!hasWork()) this.#health.recordIdle();
        this.#loop.run();
      },
    });
    const resultHandler = new SendResultHandler({
      ...options,
      accumulator: this.#accumulator,
      connection: this.#connection,
      health: this.#health,
      topicProbe,
      onDelivered: events.onDelivered,
      isFlushing: () => this.#flushes.areWaiting,
    });
    this.#loop = new SendLoop({
      ...options,
      lingerMs: batch.lingerMs,
      maxAgeMs: options.retry.maxAgeMs,
      accumulator: this.#accumulator,
      connection: this.#connection,
      health: this.#health,
      flushes: this.#flushes,
      topicProbe,
      resultHandler,
      onAnswer: (sent, result, durationMs, isRetry) => {
        this.#missingTopics.onResult(sent.topic, result);
        events.onAnswer(sent, result, durationMs, isRetry);
      },
    });
    this.#serializing =
      options.serializer &&
      new Serializing({
        ...options,
        serializer: options.serializer,
        records: this.#accumulator.expectUnserialized(),
        add: (record) => this.#enqueue(record),
        onOutage: (cause) => events.onSerializerOutage?.(cause),
        onState: () => events.onState(this.state),
      });
  }

  get state(): HealthState {
    return this.#serializing?.isDown ? 'down' : this.#health.state;
  }

  get lastError(): { message: string; at: number } | null {
    const { lastError } = this.#health;
    const other = this.#serializing?.lastError;
    if (other === undefined || (lastError !== null && lastError.at > other.at))
      return lastError && { ...lastError };
    return { message: messageOf(other.cause), at: other.at };
  }

  /** Whether memory is at most half full. */
  get isHalfEmpty(): boolean {
    return this.#accumulator.isHalfEmpty;
  }

  /** How many sends have begun. */
  get sends(): number {
    return this.#loop.sends;
  }

  /** How many of them were of records that had been sent before. */
  get retries(): number {
    return this.#loop.retries;
  }

  /** How often a client had to be connected anew. */
  get reconnects(): number {
    return Math.max(0, this.#connection.opened - 1);
  }

  /** Takes a record in. The application is waiting: all else happens later, in a turn of its own. */
  add(record: PendingRecord): void {
    if (this.#loop.isStopped) {
      this.acceptAndDrop(record, 'closed', undefined);
      return;
    }
    const { clock, retry } = this.#options;
    if (retry.maxAgeMs !== undefined) record.acceptedAt = clock.monotonic();
    const { serialization } = record;
    if (this.#serializing === undefined || serialization === undefined) {
      this.#enqueue(record);
      return;
    }
    this.#serializing.add(record, serialization);
    // It may expire before it is in a queue.
    if (retry.maxAgeMs !== undefined) this.#loop.runSoon();
  }

  /** A record that has its value. */
  #enqueue(record: PendingRecord): void {
    this.#loop.onRecord(record, this.#accumulator.add(record));
  }

  /** Takes no record in: it is counted and told as any other that is dropped. */
  acceptAndDrop(record: PendingRecord, reason: DropReason, cause: unknown): void {
    this.#accumulator.acceptAndDrop(record, reason, cause);
  }

  /**
   * Resolves when all that is accepted so far is settled, the time is up, or the sender is stopped. Keeps the process alive until then.
   *
   * @param scan when it is over, what other processes have left on disk has been counted: that is waited for, too
   * @param mayGiveUpEarly the process or its logger ends: it does not wait for long where no broker was ever there, or no topic
   */
  async flush(timeoutMs: number, scan?: Promise<void>, mayGiveUpEarly = false): Promise<FlushReport> {
    if (this.#loop.isStopped) return this.#flushes.report;
    const lookForEnd: readonly LookForEnd[] = [
      (done) => this.#unreachedBrokers.whenAllRefuse(done),
      (done) => this.#missingTopics.whenOnlyMissing(done),
    ];
    return await this.#flushes.wait(timeoutMs, scan, mayGiveUpEarly ? lookForEnd : []);
  }

  /**
   * Closes the client. Resolves when its connections are closed. Where records are left, there is none for a moment: the process
   * ends when nothing keeps it alive, and a connection would.
   */
  async disconnect(): Promise<void> {
    if (this.#options.ledger.unsettled > 0) this.#connection.doNotOpenFor(DISCONNECTED_MS);
    await this.#connection.replace();
  }

  /** Gives up all that is left, in flight or not. With a spool, it goes there: others send it, and no flush waits for it. */
  giveUp(): void {
    this.#accumulator.giveUp('closed', undefined);
    this.#serializing?.stop();
    this.#flushes.end();
  }

  /** There is something on disk that was not there before. */
  onSpooledWork(): void {
    this.#loop.runSoon();
  }

  /** Gives up what is left, and closes the client. */
  async stop(): Promise<void> {
    this.#loop.stop();
    this.giveUp();
    await this.#connection.replace();
    // Opened again in the meantime: then it goes on.
    if (this.#loop.isStopped) await this.#source.dispose?.();
  }

  /** The process ends. Has what is left sent where that is still possible: blocks, for up to `timeoutMs`. */
  drainOnExit(timeoutMs: number): void {
    const { exitDrain } = this.#source;
    if (exitDrain === undefined) return;
    const { clock } = this.#options;
    const { onDelivered } = this.#events;
    const parts = { exitDrain, accumulator: this.#accumulator, health: this.#health, clock, onDelivered };
    // It may have no thread, and none can be started: what is left is given up all the same.
    attempt(
      () => drainOnExit(parts, timeoutMs),
      (error) => this.#health.recordError(error),
    );
  }

  /** The opposite of `stop`. */
  restart(): void {
    this.#loop.restart();
  }

  /** A broker asks for a pause, which the client makes: a send that is under way, or begins in it, may take so much longer. */
  onThrottle(ms: number): void {
    this.#loop.onThrottle(ms);
  }

  /** Somebody waits for what is left: it is tried at once. */
  #onFlush(): void {
    this.#accumulator.beginFlush();
    this.#connection.retryNow();
    this.#serializing?.retryNow();
    this.#loop.runSoon();
  }
}
