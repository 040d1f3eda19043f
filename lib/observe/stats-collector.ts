import { countOf, isPacked, type Records } from '../accumulator/batch.ts';
import type { SendPath } from '../clients/client.ts';
import type { PendingRecord } from '../record/record.ts';
import type { Clock } from '../util/clock.ts';
import { Distribution } from './distribution.ts';
import { Rate } from './rate.ts';
import { isReady, StateLog, type TransportState } from './state-log.ts';
import type { TransportStats } from './stats.ts';

// From a broker next door to an outage of some minutes.
const LATENCY_BOUNDS_MS = [
  5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000,
];
// A record takes some microseconds; a caller's function that blocks may take milliseconds.
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

/** Collects for `stats()` what the ledger, which only counts records, does not have: rates, latencies, the state. */
export class StatsCollector {
  readonly #clock: Clock;
  readonly #state: StateLog;
  readonly #accepted: Rate;
  readonly #delivered: Rate;
  readonly #latency = new Distribution(LATENCY_BOUNDS_MS);
  /** Since when, on the monotonic clock, records have been waiting without any being acknowledged; if any wait. */
  #waitingSince = 0;
  #path: SendPath;
  #throttledMs = 0;
  readonly handlerTime: Distribution = new Distribution(HANDLER_BOUNDS_MICROS);

  /** @param path the one that is intended */
  constructor(clock: Clock, path: SendPath) {
    this.#path = path;
    this.#clock = clock;
    const now = clock.wall();
    this.#state = new StateLog(clock.systemTime());
    this.#accepted = new Rate(now);
    this.#delivered = new Rate(now);
  }

  /** A record is taken in. No clock is read for that: it bears the time. */
  accepted({ time }: PendingRecord): void {
    this.#accepted.add(1, time);
  }

  /** There is something to send, after there was nothing. */
  waiting(): void {
    this.#waitingSince = this.#clock.monotonic();
  }

  /** Another path is used from now on. */
  onPath(path: SendPath): void {
    this.#path = path;
  }

  /** A broker asks for a pause of so many milliseconds. */
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

  /** @returns the state before, if that was another one */
  state(state: TransportState): TransportState | undefined {
    return this.#state.record(state, this.#clock.systemTime());
  }

  /** @param lastErrorAt epoch milliseconds */
  isReady(maxAgeMs: number, isAnyWaiting: boolean, lastErrorAt: number | undefined): boolean {
    const now = this.#clock.systemTime();
    const facts = {
      state: this.#state.current,
      stateAgeMs: now - this.#state.since,
      errorAgeMs: lastErrorAt === undefined ? Number.POSITIVE_INFINITY : now - lastErrorAt,
      waitingMs: isAnyWaiting ? this.#clock.monotonic() - this.#waitingSince : 0,
    };
    return isReady(facts, maxAgeMs);
  }

  get stats(): Observed {
    const now = this.#clock.wall();
    return {
      state: this.#state.current,
      stateSince: this.#state.since,
      stateChanges: this.#state.changes,
      path: this.#path,
      throttledMs: this.#throttledMs,
      rates: { accepted: this.#accepted.perSecond(now), delivered: this.#delivered.perSecond(now) },
      latencyMs: this.#latency.percentiles,
      handlerMicros: this.handlerTime.percentiles,
      histograms: { latencyMs: this.#latency.counts, handlerMicros: this.handlerTime.counts },
    };
  }
}
