import type { Ledger } from '../accumulator/ledger.ts';
import type { Clock } from '../time/clock.ts';
import { whenOverdue } from '../time/overdue.ts';
import type { FlushReport } from './sender-options.ts';

/** Calls back when there is no use in waiting any longer. @returns ends it */
export type LookForEnd = (done: () => void) => () => void;

interface FlushesOptions {
  ledger: Ledger;
  clock: Clock;
  /** A flush begins, and there is something to wait for. */
  onBegin(): void;
}

/** The flushes that are under way. Each waits until what had been accepted before it is settled, or its time is up. */
export class Flushes {
  readonly #options: FlushesOptions;
  /** What ends each of them. */
  readonly #ends = new Set<() => void>();

  constructor(options: FlushesOptions) {
    this.#options = options;
  }

  /** Whether somebody flushes: then no batch waits to be filled. */
  get areWaiting(): boolean {
    return this.#ends.size > 0;
  }

  /**
   * Keeps the process alive until it resolves.
   *
   * @param scan when it is over, what other processes have left on disk has been counted: that is waited for, too
   * @param lookForEnd what may end it before its time
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

  /** Nothing more is sent: what has not been settled stays pending. */
  end(): void {
    for (const done of this.#ends) done();
  }

  /** What a flush that does not wait says. */
  get report(): FlushReport {
    const { delivered, droppedTotal: dropped, unsettled: pending } = this.#options.ledger;
    return { delivered, dropped, pending };
  }
}
