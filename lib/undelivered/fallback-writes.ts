import type TransportStream from 'winston-transport';
import type { Clock } from '../util/clock.ts';
import { isThenable } from '../util/thenable.ts';
import type { Fallback } from './fallback.ts';

// A transport tells nobody when it has written: it is asked again and again.
const POLL_MS = 5;

/** Whether the fallback has written what it was given: the process must not end before, where there is time. */
export class FallbackWrites {
  readonly #fallback: Fallback | undefined;
  readonly #clock: Clock;
  readonly #isWritten: (transport: TransportStream) => boolean;
  /** The pending promises of an async function. */
  readonly #calls = new Set<PromiseLike<void>>();
  #hasGotRecords = false;

  /** @param isWritten whether a winston transport has written what it was given, as far as can be told */
  constructor(
    fallback: Fallback | undefined,
    clock: Clock,
    isWritten: (transport: TransportStream) => boolean,
  ) {
    this.#fallback = fallback;
    this.#clock = clock;
    this.#isWritten = isWritten;
  }

  get isDone(): boolean {
    const fallback = this.#fallback;
    return this.#calls.size === 0 && (typeof fallback !== 'object' || this.#isWritten(fallback));
  }

  /** It has got a record. @param result what it has returned */
  onRecord(result: unknown): void {
    this.#hasGotRecords = true;
    if (!isThenable(result)) return;
    const settled = (): void => void this.#calls.delete(call);
    const call = Promise.resolve(result).then(settled, settled);
    this.#calls.add(call);
  }

  /** Resolves when it has written all, or the time is up. Keeps the process alive until then. */
  async done(timeoutMs: number): Promise<void> {
    if (!this.#hasGotRecords) return;
    const until = this.#clock.monotonic() + timeoutMs;
    // Between two streams of a transport there may be a moment when neither has it.
    const wanted = typeof this.#fallback === 'function' ? 1 : 2;
    for (let times = 0; ; ) {
      times = this.isDone ? times + 1 : 0;
      if (times === wanted || this.#clock.monotonic() >= until) break;
      await new Promise<void>((resolve) => void this.#clock.after(POLL_MS, resolve, true));
    }
    this.#hasGotRecords = !this.isDone;
  }
}
