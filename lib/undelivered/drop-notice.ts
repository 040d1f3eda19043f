import { DROP_REASONS, type DropReason, type PendingRecord } from '../record/record.ts';
import type { Clock, Timer } from '../time/clock.ts';
import { type Counts, Tally } from '../util/tally.ts';

// The least time between two drop notices.
const INTERVAL_MS = 10_000;
// How long a notice waits for the next successful send. It is not sent at once, because in a full buffer it would displace
// another record.
const NOTICE_DELAY_MS = 1_000;

export interface DropNoticeOptions {
  clock: Clock;
  /** Whether a notice is wanted and can get through. If not, it waits for the next successful send. */
  canSend(): boolean;
  /** Whether the buffer has room for it without dropping a record. */
  hasRoom(): boolean;
  /** Creates the notice; `undefined` if `topic` names no topic for it. */
  make(counts: Counts): PendingRecord | undefined;
  /** Sends the notice. */
  send(notice: PendingRecord): void;
}

/** Counts dropped records by reason, and sends notices with the counts to the topic, so that its readers know what is missing. */
export class DropNotice {
  readonly #options: DropNoticeOptions;
  readonly #unsent = new Tally();
  #lastAt = Number.NEGATIVE_INFINITY;
  /** The counts of the notices that were sent, in case one is dropped. */
  readonly #underWay = new WeakMap<PendingRecord, Counts>();
  #timer: Timer | undefined;

  constructor(options: DropNoticeOptions) {
    this.#options = options;
  }

  onDropped(record: PendingRecord, reason: DropReason): void {
    const ofNotice = this.#underWay.get(record);
    // The application's `serialize` cannot serialize a notice, so it could not serialize the next one either.
    if (ofNotice !== undefined && reason === 'invalid') return;
    this.#unsent.add(reason);
    // The notice itself was dropped: its counts go into the next one.
    if (ofNotice !== undefined)
      for (const name of DROP_REASONS) this.#unsent.add(name, ofNotice.byName[name] ?? 0);
    // The broker may refuse the whole topic, notices included: then the notice waits for the next successful send.
    if (reason !== 'rejected' && this.#options.canSend()) this.#sendAfter(NOTICE_DELAY_MS);
  }

  /** Sends a notice of what was counted, now or when `INTERVAL_MS` has passed. @param isLast sends it now in any case */
  send(isLast: boolean): void {
    const { clock, canSend, make, send } = this.#options;
    if (this.#unsent.isEmpty || !canSend()) return;
    const now = clock.monotonic();
    if (!isLast && now - this.#lastAt < INTERVAL_MS) {
      this.#sendAfter(INTERVAL_MS);
      return;
    }
    this.#lastAt = now;
    const counts = this.#unsent.take();
    const notice = make(counts);
    // A notice without a topic is not counted as dropped: it is no record of the application's.
    if (notice === undefined) return;
    this.#underWay.set(notice, counts);
    send(notice);
  }

  #sendAfter(ms: number): void {
    this.#timer ??= this.#options.clock.after(ms, () => {
      this.#timer = undefined;
      // Without room, the notice waits for the next successful send.
      if (this.#options.hasRoom()) this.send(false);
    });
  }

  stop(): void {
    this.#options.clock.cancel(this.#timer);
    this.#timer = undefined;
  }
}
