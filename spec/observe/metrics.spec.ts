import { describe, expect, it } from 'vitest';
import { MEASURED_METRICS, METRICS } from '../../lib/observe/metrics.ts';
import type { TransportStats } from '../../lib/observe/stats.ts';

const DROPPED = { overflow: 1, oversize: 2, rejected: 3, expired: 4, closed: 5, invalid: 6 };
const SUPPRESSED = { reentrant: 7, filtered: 8, loop: 9, sampled: 10 };
const CALLBACK_FAILURES = {
  topic: 11,
  key: 12,
  partition: 13,
  serialize: 0,
  headers: 14,
  filter: 15,
  format: 16,
  listener: 17,
  log: 18,
  fallback: 19,
};
const LATENCY = { count: 3, sum: 6, buckets: [] };
const HANDLER = { count: 4, sum: 8, buckets: [] };

/** Each number another one. */
const STATS: TransportStats = {
  state: 'down',
  stateSince: 20,
  stateChanges: 21,
  accepted: 22,
  delivered: 23,
  retimed: 24,
  suppressed: SUPPRESSED,
  dropped: DROPPED,
  spooled: 1_000,
  replayed: 300,
  buffered: { records: 25, bytes: 26 },
  memory: { records: 27, bytes: 28, maxRecords: 29, maxBytes: 30 },
  inFlight: 31,
  sends: 32,
  path: 'fast',
  throttledMs: 4_500,
  retries: 33,
  reconnects: 34,
  loops: 35,
  rates: { accepted: 36, delivered: 37 },
  latencyMs: { p50: 38, p99: 39, max: 40 },
  handlerMicros: { p50: 41, p99: 42, max: 43 },
  histograms: { latencyMs: LATENCY, handlerMicros: HANDLER },
  callbackFailures: CALLBACK_FAILURES,
  lastError: { message: 'no', at: 1_700_000_000_500 },
};

describe('metrics', () => {
  it('are read from the statistics', () => {
    expect(Object.fromEntries(METRICS.map(({ name, read }) => [name, read(STATS)]))).toEqual({
      'records.accepted': 22,
      'records.delivered': 23,
      'records.retimed': 24,
      'records.dropped': DROPPED,
      'records.suppressed': SUPPRESSED,
      'records.spooled': 1_000,
      'records.in_flight': 31,
      'spool.records': 700,
      'buffer.records': 27,
      'buffer.records.limit': 29,
      'buffer.size': 28,
      'buffer.size.limit': 30,
      sends: 32,
      retries: 33,
      'throttle.time': 4.5,
      reconnects: 34,
      loops: 35,
      state: { idle: 0, up: 0, down: 1, closed: 0 },
      'state.changes': 21,
      'callback.failures': CALLBACK_FAILURES,
      'last_error.timestamp': 1_700_000_000.5,
    });
  });

  it('that may fall are no counters', () => {
    const names = METRICS.filter(({ kind }) => kind !== 'counter').map(
      ({ name, kind }) => `${name}: ${kind}`,
    );
    expect(names).toEqual([
      'records.in_flight: up-down-counter',
      'spool.records: up-down-counter',
      'buffer.records: up-down-counter',
      'buffer.records.limit: up-down-counter',
      'buffer.size: up-down-counter',
      'buffer.size.limit: up-down-counter',
      'state: up-down-counter',
      'last_error.timestamp: gauge',
    ]);
  });

  it('with several values have a label that tells them apart, and the others have none', () => {
    const labels = METRICS.flatMap(({ name, label }) => (label === undefined ? [] : [`${name}: ${label}`]));
    expect(labels).toEqual([
      'records.dropped: reason',
      'records.suppressed: reason',
      'state: state',
      'callback.failures: function',
    ]);
    for (const { read, label } of METRICS) expect(typeof read(STATS) === 'object').toBe(label !== undefined);
  });

  it('have no value for an error that has not happened', () => {
    const metric = METRICS.find(({ name }) => name === 'last_error.timestamp');
    expect(metric?.read({ ...STATS, lastError: null })).toBeUndefined();
  });
});

it('measurements are in milliseconds or microseconds, and told in seconds', () => {
  const read = MEASURED_METRICS.map(({ name, perSecond, percentiles, counts }) => ({
    name,
    perSecond,
    percentiles: percentiles(STATS),
    counts: counts(STATS),
  }));
  expect(read).toEqual([
    { name: 'delivery.latency', perSecond: 1_000, percentiles: STATS.latencyMs, counts: LATENCY },
    { name: 'handler.duration', perSecond: 1_000_000, percentiles: STATS.handlerMicros, counts: HANDLER },
  ]);
});
