// A broker that asks for a pause reads nothing more of that connection meanwhile (KIP-219): what is under way there waits, too.
import { expect, it } from 'vitest';
import { deferred, Rig, stored } from './rig.ts';

it('a send that was under way when the pause began is given so much longer', async () => {
  const rig = new Rig();
  const answer = deferred<unknown>();
  rig.answer = () => answer.promise;
  rig.log('a');
  await rig.clock.pass(1_000);
  expect(rig.sent.length).toBe(1);
  rig.sender.onThrottle(15_000);
  await rig.clock.pass(20_000);
  expect([rig.outages, rig.sent.length]).toEqual([[], 1]);
  answer.resolve(stored({ topic: 'logs', partition: 0 } as never));
  await rig.clock.settle();
  expect(rig.delivered).toEqual(['a']);
});

it('one without an answer after the pause has failed', async () => {
  const rig = new Rig();
  rig.answer = () => new Promise(() => undefined);
  rig.log('a');
  await rig.clock.pass(1_000);
  rig.sender.onThrottle(15_000);
  await rig.clock.pass(24_900);
  expect(rig.sent.length).toBe(1);
  await rig.clock.pass(2_000);
  expect(rig.outages.length).toBe(1);
  expect(rig.sent.length).toBeGreaterThan(1);
});

it('a fresh client was given the time of a pause that the one before it had to make', async () => {
  const rig = new Rig();
  rig.log('a');
  await rig.clock.pass(1_000);
  rig.sender.onThrottle(60_000);
  await rig.clock.pass(3_000);
  expect([rig.delivered, rig.events]).toEqual([['a'], ['close 1', 'kill 1']]);
  rig.answer = () => new Promise(() => undefined);
  rig.log('b');
  await rig.clock.pass(12_000);
  expect(rig.outages.length).toBe(1);
});
