import { type Clock, MAX_DELAY_MS, type Timer } from './clock.ts';

/** How late a timer is after a pause: the thread was busy, or the process frozen. */
export const LATE_MS = 100;
/** How long after a pause there is time for what came meanwhile, at most. */
export const GRACE_MS = 1_000;

/**
 * Calls once when the time is up; after a pause as long again, a second at most. Node calls the timers that a pause has made due
 * before it looks at its sockets: what has come in time would be given up.
 *
 * @param limit milliseconds; a function is asked anew when the time is up, and may have grown
 * @param onOverdue gets the limit that was passed
 * @returns ends it
 */
export function whenOverdue(
  clock: Clock,
  limit: number | (() => number),
  onOverdue: (limitMs: number) => void,
  keepAlive: boolean = false,
): () => void {
  const begunAt = clock.monotonic();
  let graceMs = 0;
  let timer: Timer | undefined;
  const wait = (ms: number): void => {
    timer = clock.after(Math.min(ms, MAX_DELAY_MS), onTimer, keepAlive);
  };
  const limitMs = (): number => (typeof limit === 'number' ? limit : limit());
  const onTimer = (): void => {
    const ms = limitMs();
    const lateMs = clock.monotonic() - begunAt - ms - graceMs;
    if (lateMs < 0) wait(-lateMs);
    else if (graceMs > 0 || lateMs < LATE_MS) onOverdue(ms);
    else {
      const moreMs = Math.min(lateMs, GRACE_MS);
      graceMs = lateMs + moreMs;
      wait(moreMs);
    }
  };
  wait(limitMs());
  return () => clock.cancel(timer);
}
