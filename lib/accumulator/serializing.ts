import type { PendingRecord } from '../record/record.ts';
import type { Serialization, Serialized } from '../record/value/serialization.ts';
import type { Serializer } from '../record/value/serializer.ts';
import { type BackoffOptions, fullJitter } from '../time/backoff.ts';
import type { Clock, Timer } from '../time/clock.ts';
import { withDeadline } from '../time/deadline.ts';
import type { UnserializedQueue } from './unserialized-queue.ts';

// How many records of the backlog are serialized at a time after an outage.
const MAX_ASKED = 64;

/** The queue, as far as it is used here. */
export type UnserializedRecords = Omit<UnserializedQueue, 'queue'>;

export interface SerializingOptions {
  serializer: Serializer;
  /** Where the records wait. */
  records: UnserializedRecords;
  clock: Clock;
  random(): number;
  retry: BackoffOptions;
  /** Limit of one promise, in milliseconds. */
  requestTimeoutMs: number;
  /** Enqueues a record that has its value. */
  add(record: PendingRecord): void;
  /** A service that `serialize` needs is not available. Called once per outage. */
  onOutage(cause: unknown): void;
  /** `isDown` has changed. */
  onState(): void;
}

/**
 * Calls `serialize` for records before they are put into the queues. A record whose value is a promise waits, and all later records
 * wait behind it. A record whose value is there at once does not wait if none waits before it.
 */
export class Serializing {
  readonly #options: SerializingOptions;
  /** Records for which `serialize` was not called when they came. Some may have been serialized, or dropped, since. */
  #backlog: PendingRecord[] = [];
  #next = 0;
  #asked = 0;
  #timer: Timer | undefined;
  #isPassingOn = false;
  isDown = false;
  lastError: { cause: unknown; at: number } | undefined;

  constructor(options: SerializingOptions) {
    this.#options = options;
  }

  add(record: PendingRecord, serialization: Serialization): void {
    const { records, serializer, add } = this.#options;
    const isFirst = records.first === undefined;
    if (!isFirst && (this.isDown || this.#next < this.#backlog.length)) {
      if (records.add(record) && !this.isDown) this.#backlog.push(record);
      return;
    }
    const answer = serializer.serialize(serialization.entry);
    const isPromise = !('kind' in answer);
    // `serialize` may have logged through this transport or closed it; `isFirst` is still right.
    if (isFirst && !isPromise && answer.kind !== 'outage') {
      if (answer.kind === 'value') {
        record.setValue(answer.value);
        add(record);
      } else records.refuse(record, answer.cause);
      return;
    }
    if (!isPromise) {
      if (records.add(record)) this.#onAnswer(record, serialization, answer);
      return;
    }
    // If there is no room for the record, the promise is ignored; the guard handles its rejection.
    if (records.add(record)) void this.#await(record, serialization, answer);
  }

  /** Retries `serialize` at once, for a flush. */
  retryNow(): void {
    const first = this.#options.records.first?.serialization;
    if (first === undefined) return;
    first.notBefore = 0;
    this.#options.clock.soon(() => this.#passOn());
  }

  /** Called when all records that waited have been given up. */
  stop(): void {
    this.#options.clock.cancel(this.#timer);
    this.#timer = undefined;
    this.#setBacklog([]);
    this.#become(false);
  }

  async #await(
    record: PendingRecord,
    serialization: Serialization,
    promise: PromiseLike<unknown>,
  ): Promise<void> {
    const { clock, requestTimeoutMs, serializer } = this.#options;
    serialization.isAsked = true;
    this.#asked++;
    let result: Serialized;
    try {
      const value = await withDeadline(promise, requestTimeoutMs, 'serialize', clock);
      result = isWaiting(record) ? serializer.checked(value) : GONE;
    } catch (error) {
      result = isWaiting(record) ? serializer.failed(error) : GONE;
    }
    this.#asked--;
    // The record may have been dropped meanwhile.
    if (isWaiting(record)) this.#onAnswer(record, serialization, result);
    this.#passOn();
  }

  #onAnswer(record: PendingRecord, serialization: Serialization, result: Serialized): void {
    const { clock, retry, random } = this.#options;
    serialization.isAsked = false;
    if (result.kind === 'outage') {
      serialization.failures++;
      serialization.notBefore =
        clock.monotonic() + Math.max(1, fullJitter(serialization.failures, retry, random));
      this.lastError = { cause: result.cause, at: clock.systemTime() };
    } else serialization.result = result;
    if (record === this.#options.records.first) this.#passOn();
  }

  #passOn(): void {
    if (this.#isPassingOn) return;
    this.#isPassingOn = true;
    try {
      this.#passOnInOrder();
      this.#askBacklog();
    } finally {
      this.#isPassingOn = false;
    }
  }

  /** Enqueues the records that have their value, in the order of acceptance, and calls `serialize` for the next one. */
  #passOnInOrder(): void {
    const { records, add, clock } = this.#options;
    clock.cancel(this.#timer);
    this.#timer = undefined;
    for (let record = records.first; record !== undefined; record = records.first) {
      const serialization = record.serialization as Serialization;
      const { result, failures, isAsked, notBefore } = serialization;
      if (result === undefined) {
        this.#become(failures > 0);
        const waitMs = notBefore - clock.monotonic();
        if (isAsked) break;
        if (waitMs > 0) {
          this.#timer = clock.after(waitMs, () => this.#passOn());
          break;
        }
        this.#ask(record, serialization);
        continue;
      }
      if (failures > 0) this.#recover();
      if (result.kind === 'value') {
        const taken = records.take(result.value);
        if (taken !== undefined) add(taken);
      } else records.drop(record, result.cause);
    }
    if (records.first === undefined) this.#become(false);
  }

  #ask(record: PendingRecord, serialization: Serialization): void {
    const answer = this.#options.serializer.serialize(serialization.entry);
    if ('kind' in answer) this.#onAnswer(record, serialization, answer);
    else void this.#await(record, serialization, answer);
  }

  /** The oldest record has got its value after an outage, so all others are retried at once. */
  #recover(): void {
    const backlog: PendingRecord[] = [];
    for (const record of this.#options.records) {
      const serialization = record.serialization as Serialization;
      serialization.failures = 0;
      serialization.notBefore = 0;
      if (serialization.result === undefined && !serialization.isAsked) backlog.push(record);
    }
    this.#setBacklog(backlog);
  }

  #askBacklog(): void {
    while (!this.isDown && this.#asked < MAX_ASKED && this.#next < this.#backlog.length) {
      const record = this.#backlog[this.#next++] as PendingRecord;
      const serialization = record.serialization;
      if (serialization === undefined || serialization.isAsked || serialization.result !== undefined)
        continue;
      if (isWaiting(record) && serialization.failures === 0) this.#ask(record, serialization);
    }
    if (this.#next === this.#backlog.length) this.#setBacklog([]);
  }

  #setBacklog(backlog: PendingRecord[]): void {
    this.#backlog = backlog;
    this.#next = 0;
  }

  #become(isDown: boolean): void {
    if (isDown === this.isDown) return;
    this.isDown = isDown;
    this.#options.onState();
    if (isDown) this.#options.onOutage(this.lastError?.cause);
  }
}

const GONE: Serialized = { kind: 'failed', cause: undefined };

function isWaiting({ state, serialization }: PendingRecord): boolean {
  return state === 'queued' && serialization !== undefined;
}
