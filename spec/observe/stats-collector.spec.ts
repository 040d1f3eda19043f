import { describe, expect, it } from 'vitest';
import { StatsCollector } from '../../lib/observe/stats-collector.ts';
import { HeldClock, recordOf } from '../sender/rig.ts';

describe('an observation', () => {
  it('knows since when the state is what it is, and how often it has changed', () => {
    const clock = new HeldClock();
    const statsCollector = new StatsCollector(clock, 'fast');
    const states = [statsCollector.stats];
    clock.now = 10;
    statsCollector.state('up');
    states.push(statsCollector.stats);
    clock.now = 25;
    statsCollector.state('up');
    statsCollector.state('down');
    states.push(statsCollector.stats);
    expect(states).toMatchObject([
      { state: 'idle', stateSince: 1_000_000, stateChanges: 0 },
      { state: 'up', stateSince: 1_000_010, stateChanges: 1 },
      { state: 'down', stateSince: 1_000_025, stateChanges: 2 },
    ]);
  });

  it('adds up the pauses that brokers ask for', () => {
    const statsCollector = new StatsCollector(new HeldClock(), 'fast');
    for (const ms of [200, 50]) statsCollector.onThrottle(ms);
    expect(statsCollector.stats.throttledMs).toBe(250);
  });

  it('measures from accepted to acknowledged, and how much of it there is per second', () => {
    const clock = new HeldClock();
    clock.wallOffset = 0;
    const statsCollector = new StatsCollector(clock, 'fast');
    // Records of the rig are of the moment 0.
    const records = [recordOf(), recordOf(), recordOf()];
    for (const record of records) statsCollector.accepted(record);
    clock.now = 1_200;
    statsCollector.delivered(records);
    clock.now = 3_000;
    const { latencyMs, histograms, rates } = statsCollector.stats;
    expect(rates).toEqual({ accepted: 1, delivered: 1 });
    expect(histograms.latencyMs).toMatchObject({ count: 3, sum: 3_600 });
    expect(Math.abs(latencyMs.p50 - 1_200)).toBeLessThan(12);
    expect(histograms.latencyMs.buckets.filter(({ count }) => count > 0)[0]).toEqual({
      upTo: 2_500,
      count: 3,
    });
  });
});
