import { systemClock } from '../time/clock.ts';
import type { Scope } from './guard.ts';

// A log line about a closed socket or client may come a moment later; it must not count as the application's.
const LATE_LOG_MS = 1_000;

/** Ends the scope of a closed socket or client: records that are logged from objects created in it are shipped again. */
export function endSoon(scope: Scope): void {
  systemClock.after(LATE_LOG_MS, () => {
    scope.active = false;
  });
}
