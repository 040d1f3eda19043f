import { expect, it } from 'vitest';
import { Spool } from '../../lib/spool/spool.ts';
import { HeldClock } from '../delivery/rig.ts';
import { directoryOfSpec, recordWith } from './rig.ts';

it('closed while it looks through what others have left, it leaves the rest to them', async () => {
  const options = { directory: directoryOfSpec(), mode: 'overflow', maxBytes: 1_000_000 } as const;
  const clock = new HeldClock();
  const adopted: number[] = [];
  const troubles: unknown[] = [];
  const spool = () =>
    new Spool(options, clock, {
      onAdopted: (records) => adopted.push(records),
      onDamaged: (stretches) => troubles.push(`${stretches} damaged`),
      onLost: (records) => troubles.push(`${records} lost`),
      onTrouble: (cause) => troubles.push(cause),
      onWork: () => undefined,
    });
  const first = spool();
  first.open();
  first.store([recordWith('one')]);
  first.close();
  const second = spool();
  second.open();
  expect(second.isScanning).toBe(true);
  second.close();
  await clock.settle();
  expect({ adopted, troubles, next: second.peek() }).toEqual({ adopted: [], troubles: [], next: undefined });
  const third = spool();
  third.open();
  await clock.settle();
  expect({ adopted, troubles, isScanning: third.isScanning }).toEqual({
    adopted: [1],
    troubles: [],
    isScanning: false,
  });
  expect(third.take()?.text).toBe('one');
  third.close();
});
