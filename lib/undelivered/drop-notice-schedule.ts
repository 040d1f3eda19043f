import type { DropReason, PendingRecord } from '../record/record.ts';
import type { Clock, Timer } from '../util/clock.ts';
import { type DropCounts, DropNotice } from './drop-notice.ts';

// While records keep being dropped, the topic hears of it this often.
const INTERVAL_MS = 10_000;
// How long a notice waits for the next success, with which it would go along. Not at once: in a full buffer it would take
// another record's place.
const PATIENCE_MS = 1_000;

export interface DropNoticeScheduleOptions {
  clock: Clock;
  /** Whether a notice is wanted, and would get through: if not, the next success will be told. */
  canTell(): boolean;
  /** The notice, as a record; nothing where there is no topic for it. */
  make(counts: DropCounts): PendingRecord | undefined;
  /** Has it sent. */
  send(notice: PendingRecord): void;
}

/** Lets the topic know that records are missing from it. */
export class DropNoticeSchedule {
  readonly #options: DropNoticeScheduleOptions;
  readonly #notice = new DropNotice(INTERVAL_MS);
  /** What the notices that are on their way have to tell. */
  readonly #underWay = new WeakMap<PendingRecord, DropCounts>();
  #timer: Timer | undefined;

  constructor(options: DropNoticeScheduleOptions) {
    this.#options = options;
  }

  onDropped(record: PendingRecord, reason: DropReason): void {
    const untold = this.#underWay.get(record);
    // The application's `serialize` cannot make a value of a notice: it could not of the next one either.
    if (untold !== undefined && reason === 'invalid') return;
    this.#notice.add(reason);
    // The notice itself was dropped: its counts go into the next one.
    if (untold !== undefined) this.#notice.restore(untold);
    // What is refused may be the whole topic, the notice included: that waits until something does get through.
    if (reason !== 'rejected' && this.#options.canTell()) this.#tellAfter(PATIENCE_MS);
  }

  /** Tells what there is to tell, now or as soon as it is not too early. */
  tell(isLast: boolean): void {
    const { clock, canTell, make, send } = this.#options;
    if (!canTell()) return;
    const counts = this.#notice.take(clock.monotonic(), isLast);
    if (counts !== undefined) {
      const notice = make(counts);
      // Without a topic there is nobody to tell: no record of the application's is lost by that, so none is counted.
      if (notice === undefined) return;
      this.#underWay.set(notice, counts);
      send(notice);
    } else if (this.#notice.isPending) this.#tellAfter(INTERVAL_MS);
  }

  #tellAfter(ms: number): void {
    this.#timer ??= this.#options.clock.after(ms, () => {
      this.#timer = undefined;
      this.tell(false);
    });
  }

  stop(): void {
    this.#options.clock.cancel(this.#timer);
    this.#timer = undefined;
  }
}
