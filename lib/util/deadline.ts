import type { Clock } from './clock.ts';

/** An operation that did not end in time. It may still be going on: nothing is known of its outcome. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/**
 * The promise's outcome, or a {@link DeadlineError} after `ms`. A late rejection of the promise is swallowed:
 * nobody waits for it any more, and unhandled it would end the process.
 *
 * @param what the operation, as in "<what> did not end within 10000 ms"
 * @param keepAlive whether the process must not end before. A send or connect has no need of it: whoever waits for it
 *   at the end of the process (a flush) has a timer of its own, and after a `close` nobody does.
 * @param extension asked when the time is up: for how many milliseconds more to wait, if any
 */
export async function withDeadline<Result>(
  promise: PromiseLike<Result>,
  ms: number,
  what: string,
  clock: Clock,
  keepAlive: boolean = false,
  extension: () => number = () => 0,
): Promise<Result> {
  let timer: ReturnType<Clock['after']> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    const wait = (forMs: number, allMs: number): void => {
      const end = (): void => {
        const moreMs = extension();
        if (moreMs > 0) wait(moreMs, allMs + moreMs);
        else reject(new DeadlineError(`${what} did not end within ${Math.round(allMs)} ms`));
      };
      timer = clock.after(forMs, end, keepAlive);
    };
    wait(ms, ms);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clock.cancel(timer);
  }
}
