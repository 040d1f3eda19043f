import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { Ledger } from '../../lib/accumulator/ledger.ts';
import { StatsCollector } from '../../lib/observe/stats-collector.ts';
import { Warnings } from '../../lib/observe/warnings.ts';
import { spoolAccounting } from '../../lib/pipeline/spool-accounting.ts';
import { HeldClock } from '../sender/rig.ts';

it('records of an earlier process have waited since they were found, and not since the start', async () => {
  const clock = new HeldClock();
  const ledger = new Ledger();
  const statsCollector = new StatsCollector(clock, 'fast');
  const warnings = new Warnings(new EventEmitter(), clock);
  const { onAdopted } = spoolAccounting({ ledger, statsCollector, warnings, onWork: () => undefined });
  await clock.pass(60_000);
  onAdopted(2, 2);
  expect(ledger.unsettled).toBe(2);
  expect(statsCollector.isReady(1_000, true, undefined)).toBe(true);
});
