import type { Clock } from './clock.ts';
import { whenOverdue } from './overdue.ts';

/** An operation that did not end in time. It may still be going on: nothing is known of its outcome. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/**
 * The promise's outcome, or a {@link DeadlineError} when it has taken longer than its limit. A late rejection of the
 * promise is swallowed: nobody waits for it any more, and unhandled it would end the process.
 *
 * @param limit milliseconds; a function is asked anew when the time is up, and may have grown
 * @param what the operation, as in "<what> did not end within 10000 ms"
 * @param keepAlive whether the process must not end before. A send or connect has no need of it: whoever waits for it
 *   at the end of the process (a flush) has a timer of its own, and after a `close` nobody does.
 */
export async function withDeadline<Result>(
  promise: PromiseLike<Result>,
  limit: number | (() => number),
  what: string,
  clock: Clock,
  keepAlive: boolean = false,
): Promise<Result> {
  let end: () => void = () => undefined;
  const deadline = new Promise<never>((_, reject) => {
    const onOverdue = (limitMs: number): void =>
      reject(new DeadlineError(`${what} did not end within ${Math.round(limitMs)} ms`));
    end = whenOverdue(clock, limit, onOverdue, keepAlive);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    end();
  }
}
