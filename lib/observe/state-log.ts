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
