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
  /** Whether a notice is wanted, and would get through: if not, the next success will be told. */
  canTell(): boolean;
  /** Whether it would take no other record's place. */
  hasRoom(): boolean;
  /** The notice, as a record; nothing where there is no topic for it. */
  make(counts: Counts): PendingRecord | undefined;
  /** Has it sent. */
  send(notice: PendingRecord): void;
}

/** Counts what was dropped, by reason, and lets the topic know that it is missing from it, and why. */
export class DropNotice {
  readonly #options: DropNoticeOptions;
  readonly #untold = new Tally();
  #lastAt = Number.NEGATIVE_INFINITY;
  /** What the notices that are on their way have to tell. */
  readonly #underWay = new WeakMap<PendingRecord, Counts>();
  #timer: Timer | undefined;

  constructor(options: DropNoticeOptions) {
    this.#options = options;
  }

  onDropped(record: PendingRecord, reason: DropReason): void {
    const told = this.#underWay.get(record);
    // The application's `serialize` cannot make a value of a notice: it could not of the next one either.
    if (told !== undefined && reason === 'invalid') return;
    this.#untold.add(reason);
    // The notice itself was dropped: its counts go into the next one.
    if (told !== undefined) for (const name of DROP_REASONS) this.#untold.add(name, told.byName[name] ?? 0);
    // What is refused may be the whole topic, the notice included: that waits until something does get through.
    if (reason !== 'rejected' && this.#options.canTell()) this.#tellAfter(NOTICE_DELAY_MS);
  }

  /** Tells what there is to tell, now or as soon as it is not too early. */
  tell(isLast: boolean): void {
    const { clock, canTell, make, send } = this.#options;
    if (this.#untold.isEmpty || !canTell()) return;
    const now = clock.monotonic();
    if (!isLast && now - this.#lastAt < INTERVAL_MS) {
      this.#tellAfter(INTERVAL_MS);
      return;
    }
    this.#lastAt = now;
    const counts = this.#untold.take();
    const notice = make(counts);
    // Without a topic there is nobody to tell: no record of the application's is lost by that, so none is counted.
    if (notice === undefined) return;
    this.#underWay.set(notice, counts);
    send(notice);
  }

  #tellAfter(ms: number): void {
    this.#timer ??= this.#options.clock.after(ms, () => {
      this.#timer = undefined;
      // Where there is no room, all of that waits to be sent: the next success tells it.
      if (this.#options.hasRoom()) this.tell(false);
    });
  }

  stop(): void {
    this.#options.clock.cancel(this.#timer);
    this.#timer = undefined;
  }
}
