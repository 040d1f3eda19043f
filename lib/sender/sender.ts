import type { ProducerBatch } from '../accumulator/producer-batch.ts';
import { RecordAccumulator } from '../accumulator/record-accumulator.ts';
import { Serializing } from '../accumulator/serializing.ts';
import type { ClientSource, DeliveryClient } from '../clients/client.ts';
import { classifyAnswer, classifyError, type SendResult } from '../clients/send-result.ts';
import { messageOf } from '../errors.ts';
import type { DropReason, PendingRecord } from '../record/record.ts';
import { withDeadline } from '../util/deadline.ts';
import { Connection } from './connection.ts';
import { drainOnExit } from './drain-on-exit.ts';
import { MissingTopics } from './exit-wait/missing-topics.ts';
import { UnreachedBrokers } from './exit-wait/unreached-brokers.ts';
import { Flushes, type LookForEnd } from './flushes.ts';
import { Health, type HealthState } from './health.ts';
import { LoopDetectionPause } from './loop-detection-pause.ts';
import { PumpTimer } from './pump-timer.ts';
import { SendResultHandler } from './results/send-result-handler.ts';
import { TopicProbe } from './results/topic-probe.ts';
import type { FlushReport, SenderEvents, SenderOptions } from './sender-options.ts';

// As many as Kafka's own producer has under way at a time (max.in.flight.requests.per.connection). They go to
// different partitions: a partition queue never has more than one.
const MAX_SENDS = 5;

// How long there is no connection after a release: longer than the old one may take to close.
const RELEASED_MS = 2_000;

/** From accepted to acknowledged: forms batches, sends them, and sees to it that they arrive or are counted. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #source: ClientSource;
  readonly #accumulator: RecordAccumulator;
  readonly #connection: Connection;
  readonly #health: Health;
  readonly #unreachedBrokers: UnreachedBrokers;
  readonly #missingTopics: MissingTopics;
  readonly #topicProbe = new TopicProbe();
  readonly #resultHandler: SendResultHandler;
  readonly #serializing: Serializing | undefined;
  readonly #events: SenderEvents;
  readonly #timer: PumpTimer;
  readonly #flushes: Flushes;
  readonly #loopPause: LoopDetectionPause;
  /** Monotonic milliseconds: until then the client may hold its requests back. */
  #throttledUntil = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  sends = 0;
  retries = 0;

  constructor(options: SenderOptions, events: SenderEvents) {
    this.#options = options;
    this.#events = events;
    const { ledger, buffer, batch, partitionOfKey, random, clock } = options;
    this.#timer = new PumpTimer(clock, batch.lingerMs, () => this.#pump());
    this.#loopPause = new LoopDetectionPause(options.gate);
    this.#flushes = new Flushes({ ledger, clock, onBegin: () => this.#onFlush() });
    const source = options.source((topic, count, writable) =>
      this.#accumulator.learn(topic, count, writable),
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
    this.#connection = new Connection({
      ...options,
      source,
      hasWork,
      onOpen: () => {
        this.#unreachedBrokers.onConnected();
        this.#topicProbe.onFreshClient();
        this.#pump();
      },
      onFailure: (cause, failures) => {
        this.#unreachedBrokers.recordFailure(cause);
        // What fails while the transport is being closed is no news.
        if (this.#isStopped) return;
        this.#health.recordFailure({
          cause,
          isUnreachable: failures >= source.brokerCount,
          queueFailures: 0,
        });
      },
      onRenewed: () => this.#pump(),
      onClosed: () => {
        this.#throttledUntil = Number.NEGATIVE_INFINITY;
        if (!hasWork()) this.#health.recordIdle();
        this.#pump();
      },
    });
    this.#resultHandler = new SendResultHandler({
      ...options,
      accumulator: this.#accumulator,
      connection: this.#connection,
      health: this.#health,
      topicProbe: this.#topicProbe,
      onDelivered: events.onDelivered,
      isFlushing: () => this.#flushes.areWaiting,
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

  /** How often a client had to be connected anew. */
  get reconnects(): number {
    return Math.max(0, this.#connection.opened - 1);
  }

  /** Takes a record in. The application is waiting: all else happens later, in a turn of its own. */
  add(record: PendingRecord): void {
    if (this.#isStopped) {
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
    if (retry.maxAgeMs !== undefined) this.#timer.soon();
  }

  /** A record that has its value. */
  #enqueue(record: PendingRecord): void {
    const isFull = this.#accumulator.add(record);
    if (this.#timer.isDue) return;
    // In an outage the timer of the next attempt decides; a full batch changes nothing. Where a topic is away, and no other
    // has been tried since, it only seems to be one.
    if (this.#health.state === 'down' && this.#timer.isArmed && !this.#maySucceed(record)) return;
    if (isFull) this.#timer.soon();
    else this.#timer.onFresh();
  }

  /** Takes no record in: it is counted and told as any other that is dropped. */
  acceptAndDrop(record: PendingRecord, reason: DropReason, cause: unknown): void {
    this.#accumulator.acceptAndDrop(record, reason, cause);
  }

  /**
   * Resolves when all that is accepted so far is settled, the time is up, or the sender is stopped. Keeps the process alive until then.
   *
   * @param scan when it is over, what other processes have left on disk has been counted: that is waited for, too
   * @param isLast the process ends: not for long, where no broker was ever there, or no topic
   */
  async flush(timeoutMs: number, scan?: Promise<void>, isLast: boolean = false): Promise<FlushReport> {
    if (this.#isStopped) return this.#flushes.report;
    const lookForEnd: readonly LookForEnd[] = [
      (done) => this.#unreachedBrokers.whenAllRefuse(done),
      (done) => this.#missingTopics.whenOnlyMissing(done),
    ];
    return await this.#flushes.wait(timeoutMs, scan, isLast ? lookForEnd : []);
  }

  /**
   * Closes the client. Resolves when its connections are closed. Where records are left, there is none for a moment: the process
   * ends when nothing keeps it alive, and a connection would.
   */
  async release(): Promise<void> {
    if (this.#options.ledger.unsettled > 0) this.#connection.doNotOpenFor(RELEASED_MS);
    await this.#connection.replace();
  }

  /** Gives up all that is left, in flight or not. With a spool, it goes there: others send it, and no flush waits for it. */
  giveUp(): void {
    this.#accumulator.giveUp('closed', undefined);
    this.#serializing?.stop();
    this.#flushes.end();
  }

  /** There is something on disk that was not there before. */
  onWork(): void {
    this.#timer.soon();
  }

  /** Gives up what is left, and closes the client. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer.disarm();
    this.giveUp();
    await this.#connection.replace();
    // Opened again in the meantime: then it goes on.
    if (this.#isStopped) await this.#source.dispose?.();
  }

  /** The process ends. Has what is left sent where that is still possible: blocks, for up to `timeoutMs`. */
  drainOnExit(timeoutMs: number): void {
    const { exitDrain } = this.#source;
    if (exitDrain === undefined) return;
    const parts = { accumulator: this.#accumulator, health: this.#health, clock: this.#options.clock };
    drainOnExit({ ...parts, exitDrain, onDelivered: this.#events.onDelivered }, timeoutMs);
  }

  /** The opposite of `stop`. */
  restart(): void {
    this.#isStopped = false;
  }

  /** A broker asks for a pause, which the client makes: a send that is under way, or begins in it, may take so much longer. */
  onThrottle(ms: number): void {
    this.#throttledUntil = Math.max(this.#throttledUntil, this.#options.clock.monotonic() + ms);
  }

  /** Somebody waits for what is left: it is tried at once. */
  #onFlush(): void {
    this.#accumulator.beginFlush();
    this.#connection.retryNow();
    this.#serializing?.retryNow();
    this.#timer.soon();
  }

  /** Whether a record like this one might get through, though nothing else has of late. */
  #maySucceed(record: PendingRecord): boolean {
    const { client, openableAt = Number.POSITIVE_INFINITY } = this.#connection;
    const isReachable = client !== undefined || openableAt <= this.#options.clock.monotonic();
    return isReachable && !this.#accumulator.isHeld(record);
  }

  /** Sends what is due, and arms the timer for what is due next. */
  #pump(): void {
    this.#timer.onPump();
    if (this.#isStopped) return;
    const { clock } = this.#options;
    if (this.#accumulator.replayFromSpool({ wall: clock.wall(), monotonic: clock.monotonic() }))
      this.#timer.soon();
    const { ledger } = this.#options;
    const expired = ledger.dropped.expired;
    const expiry = this.#expire();
    // In their place others come from disk.
    if (ledger.dropped.expired > expired && ledger.spooledWaiting > 0) this.#timer.soon();
    const force = this.#flushes.areWaiting;
    const now = clock.monotonic();
    const heldUntil = this.#heldUntil(now, force);
    if (heldUntil <= now) this.#sendDue(now, force);
    this.#connection.onWork();
    const next = Math.min(Math.max(this.#nextAttempt(now, force), heldUntil), expiry);
    // Never at once: what could be done now has just been done.
    if (next < Number.POSITIVE_INFINITY) this.#timer.arm(Math.max(1, next - now));
  }

  /** Until when the loop detector has nothing sent. */
  #heldUntil(now: number, force: boolean): number {
    const due = this.#accumulator.nextDue(force);
    if (due === undefined || due > now) return 0;
    const mayHold = !force && this.#health.state === 'up' && this.#accumulator.isHalfEmpty;
    return this.#loopPause.until(now, mayHold, this.#options.ledger.queued);
  }

  #sendDue(now: number, force: boolean): void {
    const { client } = this.#connection;
    if (client === undefined) {
      const due = this.#accumulator.nextDue(force);
      if (due !== undefined && due <= now) this.#connection.open();
      return;
    }
    if (this.#connection.isRetiring && this.#accumulator.inFlight.size === 0) {
      this.#connection.finishRetiring();
      return;
    }
    while (this.#maySend()) {
      const batch = this.#accumulator.drain(now, force, this.#topicProbe.topic);
      if (batch !== undefined) void this.#send(client, batch);
      // A probe without anything to send is over.
      else if (!this.#topicProbe.cancel()) break;
    }
  }

  /** One at a time until the first has come through: several at a silent broker only get in each other's way. */
  #maySend(): boolean {
    if (this.#connection.isRetiring) return false;
    const most = this.#health.state === 'up' && this.#topicProbe.topic === undefined ? MAX_SENDS : 1;
    return this.#accumulator.inFlight.size < most;
  }

  #nextAttempt(now: number, force: boolean): number {
    const isOpen = this.#connection.client !== undefined;
    // Then it goes on when what is under way has landed.
    if (isOpen && !this.#maySend()) return Number.POSITIVE_INFINITY;
    const openable = isOpen ? now : (this.#connection.openableAt ?? Number.POSITIVE_INFINITY);
    return Math.max(openable, this.#accumulator.nextDue(force) ?? Number.POSITIVE_INFINITY);
  }

  /** @returns when the next record expires */
  #expire(): number {
    const { clock, retry } = this.#options;
    if (retry.maxAgeMs === undefined) return Number.POSITIVE_INFINITY;
    const oldest = this.#accumulator.expire(clock.monotonic() - retry.maxAgeMs);
    return oldest === undefined ? Number.POSITIVE_INFINITY : oldest + retry.maxAgeMs + 1;
  }

  async #send(client: DeliveryClient, batch: ProducerBatch): Promise<void> {
    const { clock, requestTimeoutMs } = this.#options;
    this.sends++;
    const { isRetry } = batch;
    if (isRetry) this.retries++;
    const sentAt = clock.monotonic();
    this.#loopPause.onSend(sentAt, this.#flushes.areWaiting, batch.count);
    this.#topicProbe.onSend(batch.topic);
    this.#resultHandler.prepare(batch);
    let result: SendResult;
    try {
      // A pause that the broker asks for holds up what is under way there, too (KIP-219).
      const limitMs = (): number => Math.max(0, this.#throttledUntil - sentAt) + requestTimeoutMs;
      const answer = await withDeadline(client.send(batch), limitMs, 'a send to Kafka', clock);
      result = classifyAnswer(answer, batch);
    } catch (error) {
      result = classifyError(error);
    }
    // Given up in the meantime, by a `stop`: what became of it is no news any more.
    const isGivenUp = result.kind !== 'delivered' && batch.records.every(({ state }) => state === 'settled');
    if ('cause' in result) this.#accumulator.recordError(batch.topic, result.cause);
    if (isGivenUp) this.#accumulator.reenqueue(batch, 0);
    else {
      this.#resultHandler.handle(client, batch, result);
      this.#missingTopics.onResult(batch.topic, result);
      this.#events.onAnswer(batch, result, clock.monotonic() - sentAt, isRetry);
    }
    this.#pump();
  }
}
