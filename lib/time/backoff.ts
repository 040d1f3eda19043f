export interface BackoffOptions {
  initialMs: number;
  maxMs: number;
}

/**
 * Full jitter: a random delay between 0 and an exponentially growing ceiling, so that a fleet of processes that
 * lost the same broker does not come back in step (M. Brooker, "Exponential Backoff And Jitter", 2015).
 *
 * @param failures how many attempts have failed in a row, from 1
 * @param random a number from 0 up to, not including, 1
 */
export function fullJitter(
  failures: number,
  { initialMs, maxMs }: BackoffOptions,
  random: () => number,
): number {
  // 2 ** 31 is beyond every sensible maxMs, and stays a number.
  const ceiling = Math.min(maxMs, initialMs * 2 ** Math.min(failures - 1, 31));
  return Math.round(random() * ceiling);
}
