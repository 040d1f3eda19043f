import { expect, it } from 'vitest';
import { SamplingNotice } from '../../lib/sampling/sampling-notice.ts';
import type { Counts } from '../../lib/util/tally.ts';
import { HeldClock } from '../sender/rig.ts';

function rig() {
  const clock = new HeldClock();
  const told: Counts[] = [];
  return { clock, told, notice: new SamplingNotice(clock, (counts) => told.push(counts)) };
}

it('tells what was left out, by level, a minute after the first of it', async () => {
  const { clock, told, notice } = rig();
  for (const level of ['debug', 'info', 'debug']) notice.add(level);
  await clock.pass(59_999);
  expect(told).toEqual([]);
  await clock.pass(1);
  expect(told).toEqual([{ total: 3, byName: { debug: 2, info: 1 } }]);
  await clock.pass(120_000);
  expect(told.length).toBe(1);
  notice.add('info');
  await clock.pass(60_000);
  expect(told[1]).toEqual({ total: 1, byName: { info: 1 } });
});

it('tells at once all that was left out in the minute that has begun with the first of it', async () => {
  const { clock, told, notice } = rig();
  notice.add('info');
  await clock.pass(59_999);
  for (const level of ['debug', 'silly']) notice.add(level);
  await clock.pass(1);
  expect(told).toEqual([{ total: 3, byName: { info: 1, debug: 1, silly: 1 } }]);
  expect(clock.armed).toBe(0);
});

it('tells the rest at the end, once, and waits for nothing more', () => {
  const { clock, told, notice } = rig();
  notice.sendNow();
  notice.add('info');
  notice.sendNow();
  notice.sendNow();
  expect(told).toEqual([{ total: 1, byName: { info: 1 } }]);
  expect(clock.armed).toBe(0);
});
