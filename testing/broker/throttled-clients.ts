// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// Who was told to wait (throttle_time_ms of a Produce answer), until when, and who did not. As in Kafka, a client that is told so
// by one broker may go on at the others.
import { performance } from 'node:perf_hooks';

// Clients count in whole milliseconds, and a timer of Node may fire within the millisecond before its time.
const INACCURACY_MS = 2;

// Kept from the start: specs replace it.
export const monotonicNow = performance.now.bind(performance);

export class ThrottledClients {
  /** How many Produce requests arrived although their client had been told to wait. */
  early = 0;
  readonly #waits = new Map<string, { readonly from: number; readonly until: number }[]>();

  /** An answer that says so has been written. */
  told(broker: number, clientId: string | null, ms: number): void {
    const key = `${broker} ${clientId}`;
    const from = monotonicNow();
    const waits = this.#waits.get(key) ?? [];
    waits.push({ from, until: from + ms - INACCURACY_MS });
    this.#waits.set(key, waits);
  }

  /** A Produce request has arrived; `at` is of monotonicNow(). */
  arrived(broker: number, clientId: string | null, at: number): void {
    const waits = this.#waits.get(`${broker} ${clientId}`) ?? [];
    if (waits.some(({ from, until }) => at >= from && at < until)) this.early += 1;
  }
}
