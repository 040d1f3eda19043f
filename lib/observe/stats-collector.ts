import { countOf, isPacked, type Records } from '../accumulator/batch.ts';
import type { SendPath } from '../clients/client.ts';
import type { PendingRecord } from '../record/record.ts';
import type { Clock } from '../time/clock.ts';
import { Distribution } from './distribution.ts';
import { Rate } from './rate.ts';
import type { TransportState, TransportStats } from './stats.ts';

// From a broker in the same network to an outage of some minutes.
const LATENCY_BOUNDS_MS = [
  5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000,
];
// A record takes some microseconds; a function of the application that blocks may take milliseconds.
const HANDLER_BOUNDS_MICROS = [1, 2.5, 5, 10, 25, 50, 100, 250, 1_000, 10_000, 100_000];

type Observed = Pick<
  TransportStats,
  | 'state'
  | 'stateSince'
  | 'stateChanges'
  | 'path'
  | 'throttledMs'
  | 'rates'
  | 'latencyMs'
  | 'handlerMicros'
  | 'histograms'
>;

/** Collects for `stats()` the values that the ledger does not have: rates, latencies, the state. */
export class StatsCollector {
  readonly #clock: Clock;
  #state: TransportState = 'idle';
  /** Epoch milliseconds. */
  #stateSince: number;
  #stateChanges = 0;
  readonly #accepted: Rate;
  readonly #delivered: Rate;
  readonly #latency = new Distribution(LATENCY_BOUNDS_MS);
  /** Since when, on the monotonic clock, records wait and none was acknowledged; means nothing while none wait. */
  #waitingSince = 0;
  #path: SendPath;
  #throttledMs = 0;
  readonly handlerTime: Distribution = new Distribution(HANDLER_BOUNDS_MICROS);

  /** @param path the path that the options ask for */
  constructor(clock: Clock, path: SendPath) {
    this.#path = path;
    this.#clock = clock;
    const now = clock.wall();
    this.#stateSince = clock.systemTime();
    this.#accepted = new Rate(now);
    this.#delivered = new Rate(now);
  }

  /** A record was accepted. Uses the record's own time, to save a reading of the clock. */
  accepted({ time }: PendingRecord): void {
    this.#accepted.add(1, time);
  }

  /** Called when a record waits and none did before. */
  waiting(): void {
    this.#waitingSince = this.#clock.monotonic();
  }

  /** Another path is used from now on. */
  onPath(path: SendPath): void {
    this.#path = path;
  }

  /** A broker has throttled the client for `ms` milliseconds. */
  onThrottle(ms: number): void {
    this.#throttledMs += ms;
  }

  delivered(records: Records): void {
    const now = this.#clock.wall();
    this.#waitingSince = this.#clock.monotonic();
    this.#delivered.add(countOf(records), now);
    if (isPacked(records)) records.each((page, at) => this.#latency.record(now - page.timeAt(at)));
    else for (const { time } of records) this.#latency.record(now - time);
  }

  /** Sets the state. @returns the state before, if it was different */
  state(state: TransportState): TransportState | undefined {
    const before = this.#state;
    if (state === before) return undefined;
    this.#state = state;
    this.#stateSince = this.#clock.systemTime();
    this.#stateChanges++;
    return before;
  }

  /**
   * Whether records get to Kafka in time, as far as is known. True while nothing waits: otherwise a service whose probe has
   * failed, and which therefore gets no requests and logs nothing, would never be ready again.
   *
   * @param lastErrorAt epoch milliseconds
   */
  isReady(maxAgeMs: number, isAnyWaiting: boolean, lastErrorAt: number | undefined): boolean {
    if (this.#state === 'closed') return false;
    if (isAnyWaiting && this.#clock.monotonic() - this.#waitingSince > maxAgeMs) return false;
    // Records may also be dropped for room, or expire, before they have waited so long. A recent error shows that sends still fail.
    const now = this.#clock.systemTime();
    const isStillTried = lastErrorAt !== undefined && now - lastErrorAt <= maxAgeMs;
    return this.#state !== 'down' || now - this.#stateSince <= maxAgeMs || !isStillTried;
  }

  get stats(): Observed {
    const now = this.#clock.wall();
    return {
      state: this.#state,
      stateSince: this.#stateSince,
      stateChanges: this.#stateChanges,
      path: this.#path,
      throttledMs: this.#throttledMs,
      rates: { accepted: this.#accepted.perSecond(now), delivered: this.#delivered.perSecond(now) },
      latencyMs: this.#latency.percentiles,
      handlerMicros: this.handlerTime.percentiles,
      histograms: { latencyMs: this.#latency.counts, handlerMicros: this.handlerTime.counts },
    };
  }
}
