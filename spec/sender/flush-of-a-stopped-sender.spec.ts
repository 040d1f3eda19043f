// What is on disk when a sender is stopped is not sent by it: a flush that waited for it would never end, or take its full time.
import { expect, it } from 'vitest';
import { directoryOfSpec, openSpool } from '../spool/rig.ts';
import { Rig } from './rig.ts';

function stoppable(): Rig {
  const { spool } = openSpool(directoryOfSpec());
  const rig = new Rig({ spool });
  rig.connect = () => Promise.reject(new Error('no'));
  rig.log('a', 'b');
  return rig;
}

it('a flush that is under way ends when the sender is stopped', async () => {
  const rig = stoppable();
  const report = rig.flush(Number.POSITIVE_INFINITY);
  await rig.clock.pass(100);
  await rig.sender.stop();
  expect(await report).toEqual({ delivered: 0, dropped: 0, pending: 2 });
});

it('a flush of a stopped sender says at once what is left', async () => {
  const rig = stoppable();
  await rig.sender.stop();
  const armed = rig.clock.armed;
  const report = rig.flush(Number.POSITIVE_INFINITY);
  expect(rig.clock.armed).toBe(armed);
  expect(await report).toEqual({ delivered: 0, dropped: 0, pending: 2 });
});
