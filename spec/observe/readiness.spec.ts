import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { TransportState } from '../../lib/observe/stats.ts';
import { StatsCollector } from '../../lib/observe/stats-collector.ts';
import { HeldClock, recordOf } from '../sender/rig.ts';
import { loggerWith, startCluster, transportTo } from '../support/harness.ts';

interface Situation {
  state: TransportState;
  /** Milliseconds that the state has lasted. */
  stateAgeMs: number;
  /** Milliseconds since the last error of the broker; nothing without one. */
  errorAgeMs: number | undefined;
  /** Milliseconds that records have been waiting without any being acknowledged; nothing when none waits. */
  waitingMs: number | undefined;
}
const FRESH: Situation = { state: 'up', stateAgeMs: 0, errorAgeMs: undefined, waitingMs: undefined };
const NOW = 1e9;

function collectorOf({ state, stateAgeMs, waitingMs }: Situation): {
  clock: HeldClock;
  collector: StatsCollector;
} {
  const clock = new HeldClock();
  // As old as its state, where that is the first one.
  clock.now = NOW - stateAgeMs;
  const collector = new StatsCollector(clock, 'fast');
  collector.state(state);
  clock.now = NOW - (waitingMs ?? 0);
  if (waitingMs !== undefined) collector.waiting();
  clock.now = NOW;
  return { clock, collector };
}

describe('a transport is ready', () => {
  it.each<[string, Partial<Situation>, boolean]>([
    ['that is up', {}, true],
    ['that has been up for long', { stateAgeMs: 1e9 }, true],
    ['with nothing to send yet', { state: 'idle', stateAgeMs: 1e9 }, true],
    ['with records that wait for as long as they may', { waitingMs: 1_000 }, true],
    ['with records that wait for longer', { waitingMs: 1_001 }, false],
    [
      'with records that wait for longer, before the first attempt',
      { state: 'idle', waitingMs: 1_001 },
      false,
    ],
    ['that has just gone down', { state: 'down', stateAgeMs: 1_000, errorAgeMs: 0 }, true],
    ['that has been down for longer', { state: 'down', stateAgeMs: 1_001, errorAgeMs: 1_000 }, false],
    [
      'that was down when it last had something to send',
      { state: 'down', stateAgeMs: 5_000, errorAgeMs: 1_001 },
      true,
    ],
    ['that is closed', { state: 'closed' }, false],
  ])('%s: %o: %s', (_, vitals, expected) => {
    const situation = { ...FRESH, ...vitals };
    const { clock, collector } = collectorOf(situation);
    const { errorAgeMs, waitingMs } = situation;
    const lastErrorAt = errorAgeMs === undefined ? undefined : clock.systemTime() - errorAgeMs;
    expect(collector.isReady(1_000, waitingMs !== undefined, lastErrorAt)).toBe(expected);
  });
});

it('records have been waiting since the first of them came, or since the last acknowledgement', () => {
  const clock = new HeldClock();
  const statsCollector = new StatsCollector(clock, 'fast');
  const readyAt = (now: number, isAnyWaiting = true): boolean => {
    clock.now = now;
    return statsCollector.isReady(100, isAnyWaiting, undefined);
  };
  clock.now = 500;
  statsCollector.waiting();
  expect([readyAt(600), readyAt(601), readyAt(601, false)]).toEqual([true, false, true]);
  clock.now = 700;
  statsCollector.delivered([recordOf()]);
  expect([readyAt(800), readyAt(801)]).toEqual([true, false]);
});

it('healthy() goes with the broker, and has a default', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster);
  const logger = loggerWith(transport);
  expect(transport.healthy(0)).toBe(true);
  await cluster.down();
  logger.info('record 0');
  // It waits since now, and not since there is time.
  expect(transport.healthy(performance.now() / 2)).toBe(true);
  while (transport.healthy(50)) await delay(5);
  // That is not long: by default it may take 30 s, and so it may with a number that is none.
  expect([transport.healthy(), transport.healthy(Number.NaN), transport.healthy(-1)]).toEqual([
    true,
    true,
    true,
  ]);
  await cluster.up();
  await transport.flush(Number.POSITIVE_INFINITY);
  expect(transport.healthy(50)).toBe(true);
  await transport.close();
  expect(transport.healthy()).toBe(false);
});

it('healthy() is false while all that waits expires before it is old', async () => {
  const cluster = await startCluster();
  await cluster.down();
  const transport = transportTo(cluster, {
    closeTimeoutMs: 10,
    retry: { initialMs: 1, maxMs: 5, maxAgeMs: 20 },
  });
  while (transport.healthy(100)) {
    transport.log({ message: 'a record' });
    await transport.flush(Number.POSITIVE_INFINITY);
  }
  expect(transport.stats()).toMatchObject({ state: 'down', memory: { records: 0 } });
});
