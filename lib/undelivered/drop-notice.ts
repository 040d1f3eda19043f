import { DROP_REASONS, type DropReason, type PendingRecord } from '../record/record.ts';
import type { Clock, Timer } from '../time/clock.ts';
import { type Counts, Tally } from '../util/tally.ts';

// While records keep being dropped, the topic hears of it this often.
const INTERVAL_MS = 10_000;
// How long a notice waits for the next success, with which it would go along. Not at once: in a full buffer it would take
// another record's place.
const NOTICE_DELAY_MS = 1_000;

export interface DropNoticeOptions {
  clock: Clock;
  /** Whether a notice is wanted, and would get through. If not, it goes with the next success. */
  canSend(): boolean;
  /** Whether it would take no other record's place. */
  hasRoom(): boolean;
  /** The notice, as a record; nothing where there is no topic for it. */
  make(counts: Counts): PendingRecord | undefined;
  /** Has it sent. */
  send(notice: PendingRecord): void;
}

/** Counts what was dropped, by reason, and sends a notice of it to the topic, so that whoever reads that knows what is missing. */
export class DropNotice {
  readonly #options: DropNoticeOptions;
  readonly #unsent = new Tally();
  #lastAt = Number.NEGATIVE_INFINITY;
  /** The counts of the notices that are on their way. */
  readonly #underWay = new WeakMap<PendingRecord, Counts>();
  #timer: Timer | undefined;

  constructor(options: DropNoticeOptions) {
    this.#options = options;
  }

  onDropped(record: PendingRecord, reason: DropReason): void {
    const ofNotice = this.#underWay.get(record);
    // The application's `serialize` cannot make a value of a notice: it could not of the next one either.
    if (ofNotice !== undefined && reason === 'invalid') return;
    this.#unsent.add(reason);
    // The notice itself was dropped: its counts go into the next one.
    if (ofNotice !== undefined)
      for (const name of DROP_REASONS) this.#unsent.add(name, ofNotice.byName[name] ?? 0);
    // What is refused may be the whole topic, the notice included: that waits until something does get through.
    if (reason !== 'rejected' && this.#options.canSend()) this.#sendAfter(NOTICE_DELAY_MS);
  }

  /** Sends what has been counted, now or as soon as it is not too early. */
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
    // Without a topic nobody can read it: no record of the application's is lost by that, so none is counted.
    if (notice === undefined) return;
    this.#underWay.set(notice, counts);
    send(notice);
  }

  #sendAfter(ms: number): void {
    this.#timer ??= this.#options.clock.after(ms, () => {
      this.#timer = undefined;
      // Where there is no room, all of that waits to be sent: the notice goes with the next success.
      if (this.#options.hasRoom()) this.send(false);
    });
  }

  stop(): void {
    this.#options.clock.cancel(this.#timer);
    this.#timer = undefined;
  }
}
