// A process that had flushed in vain connected again with what was left, and the connection kept it alive for another 10 to 25 s.
import { expect, it } from 'vitest';
import { Rig } from './rig.ts';

function refusing(): Rig {
  const rig = new Rig({ retry: { initialMs: 10, maxMs: 10, maxAgeMs: undefined } });
  rig.answer = async () => {
    throw Object.assign(new Error('not enough replicas'), { type: 'NOT_ENOUGH_REPLICAS', code: 19 });
  };
  return rig;
}

it('and does not for two seconds, where records are left', async () => {
  const rig = refusing();
  rig.log('one');
  await rig.clock.pass(100);
  const { sent } = rig;
  const before = sent.length;
  const released = rig.sender.disconnect();
  await rig.clock.pass(1_999);
  await released;
  expect([before > 0, sent.length - before]).toEqual([true, 0]);
  // The application has gone on: so does it.
  await rig.clock.pass(100);
  expect(sent.length).toBeGreaterThan(before);
});

it('does at once, where somebody flushes', async () => {
  const rig = refusing();
  rig.log('one');
  await rig.clock.pass(100);
  await Promise.all([rig.sender.disconnect(), rig.clock.pass(1)]);
  rig.answer = (batch) => [{ topicName: batch.topic, partition: 0, errorCode: 0 }];
  const flushed = rig.flush();
  await rig.clock.pass(1);
  expect(await flushed).toEqual({ delivered: 1, dropped: 0, pending: 0 });
});

it('does at once, where nothing is left and a record comes', async () => {
  const rig = new Rig();
  rig.log('one');
  await rig.clock.pass(100);
  await Promise.all([rig.sender.disconnect(), rig.clock.pass(1)]);
  rig.log('two');
  await rig.clock.pass(20);
  expect(rig.delivered).toEqual(['one', 'two']);
});
