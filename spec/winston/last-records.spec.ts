import { expect, it } from 'vitest';
import { LastRecords } from '../../lib/winston/last-records.ts';
import { HeldClock } from '../sender/rig.ts';

class Rig {
  readonly clock = new HeldClock();
  isComing = true;
  readonly records = new LastRecords(this.clock, () => this.isComing);
  readonly ended: string[] = [];

  wait(name: string, timeoutMs = 1_000): void {
    this.records.wait(timeoutMs, () => this.ended.push(name));
  }
}

it('waits for nothing where no records are to come', () => {
  const rig = new Rig();
  rig.isComing = false;
  rig.wait('end');
  expect(rig.ended).toEqual(['end']);
  expect(rig.clock.armed).toBe(0);
});

it('waits until the last record has come, and says so once to each that waits', async () => {
  const rig = new Rig();
  rig.wait('one');
  rig.wait('other');
  rig.records.onRecord();
  expect(rig.ended).toEqual([]);
  rig.isComing = false;
  rig.records.onRecord();
  rig.records.onRecord();
  expect(rig.ended).toEqual(['one', 'other']);
  expect(rig.clock.armed).toBe(0);
  await rig.clock.pass(10_000);
  expect(rig.ended).toEqual(['one', 'other']);
});

it('waits no longer than it may', async () => {
  const rig = new Rig();
  rig.wait('end');
  await rig.clock.pass(999);
  expect(rig.ended).toEqual([]);
  await rig.clock.pass(1);
  rig.isComing = false;
  rig.records.onRecord();
  expect(rig.ended).toEqual(['end']);
});
