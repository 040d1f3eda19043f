// A function that had been frozen (AWS Lambda) sent its next record to the connection of before, and waited for requestTimeoutMs.
import { expect, it } from 'vitest';
import { Rig } from './rig.ts';

async function idle(): Promise<Rig> {
  const rig = new Rig();
  rig.log('one');
  await rig.clock.pass(100);
  expect(rig.sent.map(({ client }) => client)).toEqual([1]);
  return rig;
}

it('and sends it over a new one', async () => {
  const rig = await idle();
  // Frozen: no timer has fired, and the record comes before they do.
  rig.clock.now += 60_000;
  rig.log('two');
  await rig.clock.pass(50);
  expect(rig.sent.map(({ client }) => client)).toEqual([1, 2]);
  expect(rig.delivered).toEqual(['one', 'two']);
});

it('and over the old one after a short stall', async () => {
  const rig = await idle();
  rig.clock.now += 4_000;
  rig.log('two');
  await rig.clock.pass(50);
  expect(rig.sent.map(({ client }) => client)).toEqual([1, 1]);
});
