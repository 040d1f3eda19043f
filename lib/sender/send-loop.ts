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

// The default of Kafka's own producer (max.in.flight.requests.per.connection). These sends go to different partitions:
// a partition queue never has more than one in flight.
const MAX_SENDS = 5;

export interface SendLoopOptions {
  readonly clock: Clock;
  readonly lingerMs: number;
  readonly requestTimeoutMs: number;
  readonly maxAgeMs: number | undefined;
  /** May pause the sends: the loop detector. */
  readonly gate?: SendGate | undefined;
  readonly ledger: Ledger;
  readonly accumulator: RecordAccumulator;
  readonly connection: Connection;
  readonly health: Health;
  readonly flushes: Flushes;
  readonly topicProbe: TopicProbe;
  readonly resultHandler: SendResultHandler;
  /** A send was answered, and its records have been dealt with. */
  onAnswer(batch: ProducerBatch, result: SendResult, durationMs: number, isRetry: boolean): void;
}

/** Takes due batches from the accumulator and sends them, whenever something has changed or its timer fires. */
export class SendLoop {
  readonly #options: SendLoopOptions;
  readonly #timer: SendTimer;
  readonly #loopPause: LoopDetectionPause;
  /** Until when, on the monotonic clock, the client may hold requests back because a broker throttles it. */
  #throttledUntil = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  sends = 0;
  retries = 0;

  constructor(options: SendLoopOptions) {
    this.#options = options;
    this.#timer = new SendTimer(options.clock, options.lingerMs, () => this.run());
    this.#loopPause = new LoopDetectionPause(options.gate);
  }

  /** Whether the loop is stopped: it sends nothing until `restart`. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** A record was put into its queue. @param isFull whether it has filled a batch */
  onRecord(record: PendingRecord, isFull: boolean): void {
    if (this.#timer.isDue) return;
    // While the state is `down`, wait for the timer of the next attempt even if a batch is full. But one missing topic may be the
    // cause of `down`: then a record of another topic is tried at once.
    if (this.#options.health.state === 'down' && this.#timer.isArmed && !this.#maySucceed(record)) return;
    if (isFull) this.#timer.soon();
    else this.#timer.onFresh();
  }

  /** Runs the loop at the end of this turn, because something may be due. */
  runSoon(): void {
    this.#timer.soon();
  }

  /** A broker throttles the client: a send that is in flight, or begins meanwhile, may take longer by `ms`. */
  onThrottle(ms: number): void {
    const { clock } = this.#options;
    this.#throttledUntil = Math.max(this.#throttledUntil, clock.monotonic() + ms);
  }

  /** The client was closed, and its throttling with it. */
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
    // Memory has room again for records on disk.
    if (ledger.dropped.expired > expired && ledger.spooledWaiting > 0) this.#timer.soon();
    const force = flushes.areWaiting;
    const now = clock.monotonic();
    const pausedUntil = this.#pausedUntil(now, force);
    if (pausedUntil <= now) this.#sendDue(now, force);
    connection.updateIdleTimer();
    const next = Math.min(Math.max(this.#nextAttempt(now, force), pausedUntil), expiry);
    // At least 1 ms: everything that was due has just been sent.
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
      // A topic probe without a record to send is over.
      else if (!topicProbe.cancel()) break;
    }
  }

  /** Allows one send at a time until the first has succeeded: several at an unresponsive broker only delay each other. */
  #maySend(): boolean {
    const { accumulator, connection, health, topicProbe } = this.#options;
    if (connection.isRetiring) return false;
    const most = health.state === 'up' && topicProbe.topic === undefined ? MAX_SENDS : 1;
    return accumulator.inFlight.size < most;
  }

  #nextAttempt(now: number, force: boolean): number {
    const { accumulator, connection } = this.#options;
    const isOpen = connection.client !== undefined;
    // The answer of a send in flight runs the loop again.
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
      // A broker that throttles holds up requests in flight too (KIP-219).
      const limitMs = (): number => Math.max(0, this.#throttledUntil - sentAt) + requestTimeoutMs;
      const answer = await withDeadline(client.send(batch), limitMs, 'a send to Kafka', clock);
      result = classifyAnswer(answer, batch);
    } catch (error) {
      result = classifyError(error);
    }
    // All its records were given up meanwhile, because of a close or the end of the process: only its queue has to be told.
    const isGivenUp = result.kind !== 'delivered' && batch.records.every(({ state }) => state === 'settled');
    if ('cause' in result) accumulator.recordError(batch.topic, result.cause);
    if (isGivenUp) accumulator.reenqueue(batch, 0);
    else {
      resultHandler.handle(client, batch, result);
      onAnswer(batch, result, clock.monotonic() - sentAt, isRetry);
    }
    this.run();
  }

  /** Whether this record may get through although the state is `down`: the client is usable, and its queue is not held. */
  #maySucceed(record: PendingRecord): boolean {
    const { clock, accumulator, connection } = this.#options;
    const { client, openableAt = Number.POSITIVE_INFINITY } = connection;
    const isReachable = client !== undefined || openableAt <= clock.monotonic();
    return isReachable && !accumulator.isHeld(record);
  }
}
