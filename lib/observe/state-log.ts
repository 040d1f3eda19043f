import type { TransportStats } from './stats.ts';

export type TransportState = TransportStats['state'];

/** What the transport's state is, since when, and how often it has changed. */
export class StateLog {
  current: TransportState = 'idle';
  /** Epoch milliseconds. */
  since: number;
  changes = 0;

  constructor(now: number) {
    this.since = now;
  }

  /** @returns the state before, if that was another one */
  record(state: TransportState, now: number): TransportState | undefined {
    const before = this.current;
    if (state === before) return undefined;
    this.current = state;
    this.since = now;
    this.changes++;
    return before;
  }
}

/** What a readiness probe goes by. */
export interface HealthFacts {
  state: TransportState;
  /** Milliseconds that the state has lasted. */
  stateAgeMs: number;
  /** Milliseconds since the last error of the broker; `Infinity` without one. */
  errorAgeMs: number;
  /** Milliseconds that records have been waiting without any being acknowledged; 0 when none waits. */
  waitingMs: number;
}

/**
 * Whether records get to Kafka in time, as far as is known. While nothing waits that is not known, and taken for granted:
 * otherwise a service whose probe fails, and which therefore has nothing to log, would never be ready again.
 */
export function isReady(
  { state, stateAgeMs, errorAgeMs, waitingMs }: HealthFacts,
  maxAgeMs: number,
): boolean {
  if (state === 'closed' || waitingMs > maxAgeMs) return false;
  // Records may also be shed, or expire, before they have waited for so long. The error shows that it is still tried.
  return state !== 'down' || stateAgeMs <= maxAgeMs || errorAgeMs > maxAgeMs;
}
