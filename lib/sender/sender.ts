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

// How long no connection is opened after a disconnect: longer than the old one may take to close.
const DISCONNECTED_MS = 2_000;

/** Takes accepted records and sends them in batches, until each is acknowledged by the broker or dropped and counted. */
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
    // Records that wait for their value are no work for the client: its open connection would keep the process alive for as long.
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
        // Ignore failures while the transport is being closed.
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

  /** How many of the sends were retries. */
  get retries(): number {
    return this.#loop.retries;
  }

  /** How often a client was connected after the first time. */
  get reconnects(): number {
    return Math.max(0, this.#connection.opened - 1);
  }

  /** Accepts a record. It runs inside the log call, so the record is sent later, in another turn of the event loop. */
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
    // The record may expire before it is in a queue: arm the timer for that.
    if (retry.maxAgeMs !== undefined) this.#loop.runSoon();
  }

  /** Puts a record that has its value into its queue. */
  #enqueue(record: PendingRecord): void {
    this.#loop.onRecord(record, this.#accumulator.add(record));
  }

  /** Counts a record as accepted, and drops it at once. */
  acceptAndDrop(record: PendingRecord, reason: DropReason, cause: unknown): void {
    this.#accumulator.acceptAndDrop(record, reason, cause);
  }

  /**
   * Resolves when all records accepted so far are settled, the time is up, or the sender is stopped. Keeps the process alive until then.
   *
   * @param scan resolves when the records that other processes left on disk are counted: the flush waits for these too
   * @param mayGiveUpEarly whether it may stop waiting early if no broker was ever reached or only missing topics are left
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
   * Closes the client. Resolves when its connections are closed. If records are left, no new connection is opened for a moment, because
   * it would keep the process alive, which is about to end.
   */
  async disconnect(): Promise<void> {
    if (this.#options.ledger.unsettled > 0) this.#connection.doNotOpenFor(DISCONNECTED_MS);
    await this.#connection.replace();
  }

  /** Gives up all records that are left, those in flight included. With a spool they go there, and no flush waits for them. */
  giveUp(): void {
    this.#accumulator.giveUp('closed', undefined);
    this.#serializing?.stop();
    this.#flushes.end();
  }

  /** Called when there are new records on disk. */
  onSpooledWork(): void {
    this.#loop.runSoon();
  }

  /** Gives up what is left, and closes the client. */
  async stop(): Promise<void> {
    this.#loop.stop();
    this.giveUp();
    await this.#connection.replace();
    // Not if the transport was reopened in the meantime.
    if (this.#loop.isStopped) await this.#source.dispose?.();
  }

  /** The process ends: sends what is left if a worker thread can still do so. Blocks for up to `timeoutMs`. */
  drainOnExit(timeoutMs: number): void {
    const { exitDrain } = this.#source;
    if (exitDrain === undefined) return;
    const { clock } = this.#options;
    const { onDelivered } = this.#events;
    const parts = { exitDrain, accumulator: this.#accumulator, health: this.#health, clock, onDelivered };
    // It fails if there is no thread and none can be started; the records are then given up.
    attempt(
      () => drainOnExit(parts, timeoutMs),
      (error) => this.#health.recordError(error),
    );
  }

  /** The opposite of `stop`. */
  restart(): void {
    this.#loop.restart();
  }

  /** A broker throttles the client: a send that is in flight, or begins meanwhile, may take longer by `ms`. */
  onThrottle(ms: number): void {
    this.#loop.onThrottle(ms);
  }

  /** A flush begins: everything is tried at once. */
  #onFlush(): void {
    this.#accumulator.beginFlush();
    this.#connection.retryNow();
    this.#serializing?.retryNow();
    this.#loop.runSoon();
  }
}
