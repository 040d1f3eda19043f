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
 */
export async function withDeadline<Result>(
  promise: PromiseLike<Result>,
  ms: number,
  what: string,
  clock: Clock,
  keepAlive: boolean = false,
): Promise<Result> {
  let timer: ReturnType<Clock['after']> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = clock.after(
      ms,
      () => reject(new DeadlineError(`${what} did not end within ${ms} ms`)),
      keepAlive,
    );
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clock.cancel(timer);
  }
}
