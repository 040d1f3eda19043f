// The flushes and closes of the model's processes: each has to end in time.
import type { FlushReport } from '../../lib/sender/sender-options.ts';
import type { ModelClock } from './clock.ts';
import type { ModelProcess } from './process.ts';

export interface PendingFlush {
  readonly process: ModelProcess;
  readonly until: number;
  report: FlushReport | undefined;
}

export class PendingFlushes {
  readonly #clock: ModelClock;
  readonly #flushes: PendingFlush[] = [];

  constructor(clock: ModelClock) {
    this.#clock = clock;
  }

  /** @param timeoutMs how long it may take */
  begin(process: ModelProcess, timeoutMs: number, begin: () => Promise<FlushReport>): PendingFlush {
    const flush: PendingFlush = { process, until: this.#clock.now + timeoutMs, report: undefined };
    this.#flushes.push(flush);
    process.clock.run(() => {
      void begin().then((report) => {
        flush.report = report;
      });
    });
    return flush;
  }

  /** Whether one has not ended in time. */
  get areLate(): boolean {
    return this.#flushes.some(
      ({ until, report, process }) =>
        report === undefined && this.#clock.now > until + 1 && !process.clock.hasEnded,
    );
  }
}
