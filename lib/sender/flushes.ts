import type { Ledger } from '../accumulator/ledger.ts';
import type { Clock } from '../time/clock.ts';
import { whenOverdue } from '../time/overdue.ts';
import type { FlushReport } from './sender-options.ts';

/** Starts a check that calls `done` when a flush need not wait any longer. @returns a function that stops the check */
export type LookForEnd = (done: () => void) => () => void;

interface FlushesOptions {
  ledger: Ledger;
  clock: Clock;
  /** A flush begins to wait. */
  onBegin(): void;
}

/** The running flushes. Each waits until all records accepted before it are settled, or its time is up. */
export class Flushes {
  readonly #options: FlushesOptions;
  /** For each flush, the function that ends it. */
  readonly #ends = new Set<() => void>();

  constructor(options: FlushesOptions) {
    this.#options = options;
  }

  /** Whether a flush is running: then no batch lingers. */
  get areWaiting(): boolean {
    return this.#ends.size > 0;
  }

  /**
   * Keeps the process alive until it resolves.
   *
   * @param scan resolves when the records that other processes left on disk are counted: the flush waits for these too
   * @param lookForEnd checks that may end it early
   */
  async wait(
    timeoutMs: number,
    scan: Promise<void> | undefined,
    lookForEnd: readonly LookForEnd[],
  ): Promise<FlushReport> {
    const { ledger, clock, onBegin } = this.#options;
    const watcher = ledger.watch(scan !== undefined);
    void scan?.then(() => ledger.noOlderToCome(watcher));
    if (watcher.awaitsOlder || watcher.pending > 0) {
      await new Promise<void>((resolve) => {
        const endTimer = whenOverdue(clock, timeoutMs, () => done(), true);
        const done = (): void => {
          this.#ends.delete(done);
          endTimer();
          for (const stop of stopLooking) stop();
          resolve();
        };
        const stopLooking = lookForEnd.map((look) => look(done));
        watcher.onDone = done;
        this.#ends.add(done);
        onBegin();
      });
      ledger.unwatch(watcher);
    }
    const { delivered, dropped, pending } = watcher;
    return { delivered, dropped, pending };
  }

  /** Ends all flushes, because nothing more is sent: unsettled records stay `pending`. */
  end(): void {
    for (const done of this.#ends) done();
  }

  /** The report of a flush that does not wait. */
  get report(): FlushReport {
    const { delivered, droppedTotal: dropped, unsettled: pending } = this.#options.ledger;
    return { delivered, dropped, pending };
  }
}
