import { systemClock } from '../time/clock.ts';
import type { Scope } from './guard.ts';

// A log line about a socket that has closed, or a client that is gone, may be put off for a moment; it must not be taken for the
// application's.
const LATE_LOG_MS = 1_000;

/** Ends the scope of a socket or a client that is gone: what has been made in it is silenced no longer. */
export function endSoon(scope: Scope): void {
  systemClock.after(LATE_LOG_MS, () => {
    scope.active = false;
  });
}
