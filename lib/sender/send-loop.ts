import type { Ledger } from '../accumulator/ledger.ts';
import type { ProducerBatch } from '../accumulator/producer-batch.ts';
import type { RecordAccumulator } from '../accumulator/record-accumulator.ts';
import type { DeliveryClient } from '../clients/client.ts';
import { classifyAnswer, classifyError, type SendResult } from '../clients/send-result.ts';
import type { PendingRecord } from '../record/record.ts';
import type { Clock } from '../time/clock.ts';
import { withDeadline } from '../time/deadline.ts';
import type { Connection } from './connection.ts';
import type { Flushes } from './flushes.ts';
import type { Health } from './health.ts';
import { LoopDetectionPause } from './loop-detection-pause.ts';
import type { SendResultHandler } from './results/send-result-handler.ts';
import type { TopicProbe } from './results/topic-probe.ts';
import { SendTimer } from './send-timer.ts';
import type { SendGate } from './sender-options.ts';

// As many as Kafka's own producer has under way at a time (max.in.flight.requests.per.connection). They go to
// different partitions: a partition queue never has more than one.
const MAX_SENDS = 5;

export interface SendLoopOptions {
  readonly clock: Clock;
  readonly lingerMs: number;
  readonly requestTimeoutMs: number;
  readonly maxAgeMs: number | undefined;
  /** What may have sends pause: the loop detector. */
  readonly gate?: SendGate | undefined;
  readonly ledger: Ledger;
  readonly accumulator: RecordAccumulator;
  readonly connection: Connection;
  readonly health: Health;
  readonly flushes: Flushes;
  readonly topicProbe: TopicProbe;
  readonly resultHandler: SendResultHandler;
  /** A send has been answered, after so many milliseconds, and its records have been seen to. */
  onAnswer(batch: ProducerBatch, result: SendResult, durationMs: number, isRetry: boolean): void;
}

/** Takes from the accumulator what is due, and sends it: each time that something has changed, or a time has come. */
export class SendLoop {
  readonly #options: SendLoopOptions;
  readonly #timer: SendTimer;
  readonly #loopPause: LoopDetectionPause;
  /** Monotonic milliseconds: until then the client may hold its requests back. */
  #throttledUntil = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  sends = 0;
  retries = 0;

  constructor(options: SendLoopOptions) {
    this.#options = options;
    this.#timer = new SendTimer(options.clock, options.lingerMs, () => this.run());
    this.#loopPause = new LoopDetectionPause(options.gate);
  }

  /** Whether nothing is sent any more. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** A record has been put into its queue. @param isFull whether a batch is full by it */
  onRecord(record: PendingRecord, isFull: boolean): void {
    if (this.#timer.isDue) return;
    // While Kafka is down, the timer of the next attempt decides, and a full batch changes nothing. But `down` may come of one missing
    // topic: a record of another one is tried at once.
    if (this.#options.health.state === 'down' && this.#timer.isArmed && !this.#maySucceed(record)) return;
    if (isFull) this.#timer.soon();
    else this.#timer.onFresh();
  }

  /** Something may be due: it looks at the end of this turn. */
  runSoon(): void {
    this.#timer.soon();
  }

  /** A broker asks for a pause, which the client makes: a send that is under way, or begins in it, may take so much longer. */
  onThrottle(ms: number): void {
    const { clock } = this.#options;
    this.#throttledUntil = Math.max(this.#throttledUntil, clock.monotonic() + ms);
  }

  /** The client is gone, and the pause it made with it. */
  endThrottle(): void {
    this.#throttledUntil = Number.NEGATIVE_INFINITY;
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer.disarm();
  }

  /** The opposite of `stop`. */
  restart(): void {
    this.#isStopped = false;
  }

  /** Sends what is due, and arms the timer for what is due next. */
  run(): void {
    const { clock, ledger, accumulator, connection, flushes } = this.#options;
    this.#timer.onRun();
    if (this.#isStopped) return;
    if (accumulator.syncWithSpool({ wall: clock.wall(), monotonic: clock.monotonic() })) this.#timer.soon();
    const expired = ledger.dropped.expired;
    const expiry = this.#expire();
    // In their place others come from disk.
    if (ledger.dropped.expired > expired && ledger.spooledWaiting > 0) this.#timer.soon();
    const force = flushes.areWaiting;
    const now = clock.monotonic();
    const pausedUntil = this.#pausedUntil(now, force);
    if (pausedUntil <= now) this.#sendDue(now, force);
    connection.updateIdleTimer();
    const next = Math.min(Math.max(this.#nextAttempt(now, force), pausedUntil), expiry);
    // Never at once: what could be done now has just been done.
    if (next < Number.POSITIVE_INFINITY) this.#timer.arm(Math.max(1, next - now));
  }

  /** Until when sends pause for the loop detector. */
  #pausedUntil(now: number, force: boolean): number {
    const { ledger, accumulator, health } = this.#options;
    const due = accumulator.nextDue(force);
    if (due === undefined || due > now) return 0;
    const mayPause = !force && health.state === 'up' && accumulator.isHalfEmpty;
    return this.#loopPause.until(now, mayPause, ledger.queued);
  }

  #sendDue(now: number, force: boolean): void {
    const { accumulator, connection, topicProbe } = this.#options;
    const { client } = connection;
    if (client === undefined) {
      const due = accumulator.nextDue(force);
      if (due !== undefined && due <= now) connection.open();
      return;
    }
    if (connection.isRetiring && accumulator.inFlight.size === 0) {
      connection.finishRetiring();
      return;
    }
    while (this.#maySend()) {
      const batch = accumulator.drain(now, force, topicProbe.topic);
      if (batch !== undefined) void this.#send(client, batch);
      // A probe without anything to send is over.
      else if (!topicProbe.cancel()) break;
    }
  }

  /** One at a time until the first has come through: several at a silent broker only get in each other's way. */
  #maySend(): boolean {
    const { accumulator, connection, health, topicProbe } = this.#options;
    if (connection.isRetiring) return false;
    const most = health.state === 'up' && topicProbe.topic === undefined ? MAX_SENDS : 1;
    return accumulator.inFlight.size < most;
  }

  #nextAttempt(now: number, force: boolean): number {
    const { accumulator, connection } = this.#options;
    const isOpen = connection.client !== undefined;
    // Then it goes on when what is under way has landed.
    if (isOpen && !this.#maySend()) return Number.POSITIVE_INFINITY;
    const openable = isOpen ? now : (connection.openableAt ?? Number.POSITIVE_INFINITY);
    return Math.max(openable, accumulator.nextDue(force) ?? Number.POSITIVE_INFINITY);
  }

  /** @returns when the next record expires */
  #expire(): number {
    const { clock, maxAgeMs, accumulator } = this.#options;
    if (maxAgeMs === undefined) return Number.POSITIVE_INFINITY;
    const oldest = accumulator.expire(clock.monotonic() - maxAgeMs);
    return oldest === undefined ? Number.POSITIVE_INFINITY : oldest + maxAgeMs + 1;
  }

  async #send(client: DeliveryClient, batch: ProducerBatch): Promise<void> {
    const { clock, requestTimeoutMs, accumulator, flushes, topicProbe, resultHandler, onAnswer } =
      this.#options;
    this.sends++;
    const { isRetry } = batch;
    if (isRetry) this.retries++;
    const sentAt = clock.monotonic();
    this.#loopPause.onSend(sentAt, flushes.areWaiting, batch.count);
    topicProbe.onSend(batch.topic);
    resultHandler.prepare(batch);
    let result: SendResult;
    try {
      // A pause that the broker asks for holds up what is under way there, too (KIP-219).
      const limitMs = (): number => Math.max(0, this.#throttledUntil - sentAt) + requestTimeoutMs;
      const answer = await withDeadline(client.send(batch), limitMs, 'a send to Kafka', clock);
      result = classifyAnswer(answer, batch);
    } catch (error) {
      result = classifyError(error);
    }
    // All its records have been given up meanwhile, because it was closed or the process ends: only its queue has to be told.
    const isGivenUp = result.kind !== 'delivered' && batch.records.every(({ state }) => state === 'settled');
    if ('cause' in result) accumulator.recordError(batch.topic, result.cause);
    if (isGivenUp) accumulator.reenqueue(batch, 0);
    else {
      resultHandler.handle(client, batch, result);
      onAnswer(batch, result, clock.monotonic() - sentAt, isRetry);
    }
    this.run();
  }

  /** Whether a record like this one might get through, though nothing else has of late. */
  #maySucceed(record: PendingRecord): boolean {
    const { clock, accumulator, connection } = this.#options;
    const { client, openableAt = Number.POSITIVE_INFINITY } = connection;
    const isReachable = client !== undefined || openableAt <= clock.monotonic();
    return isReachable && !accumulator.isHeld(record);
  }
}
