// What a send loop does when something has changed: where no other spec of the sender would notice.
import { expect, it } from 'vitest';
import { directoryOfSpec, openSpool } from '../spool/rig.ts';
import { deferred, Rig, recordOf, stored } from './rig.ts';

it('a short pause that a broker asks for within a long one does not end that', async () => {
  const rig = new Rig();
  rig.answer = () => new Promise(() => undefined);
  rig.log('a');
  await rig.clock.pass(1_000);
  rig.sender.onThrottle(15_000);
  rig.sender.onThrottle(1);
  await rig.clock.pass(20_000);
  expect([rig.outages, rig.sent.length]).toEqual([[], 1]);
  await rig.clock.pass(10_000);
  expect(rig.outages.length).toBe(1);
});

/** Kafka is down for one topic, which is tried each minute. @param ms the fourth failure closes the client, after three minutes */
async function downForOneTopic(ms: number): Promise<Rig> {
  const rig = new Rig({ retry: { initialMs: 60_000, maxMs: 60_000, maxAgeMs: undefined } });
  rig.answer = (batch) =>
    batch.topic === 'missing' ? Promise.reject(new Error('it is missing')) : stored(batch);
  rig.sender.add(recordOf({ topic: 'missing' }));
  await rig.clock.pass(ms);
  expect(rig.sender.state).toBe('down');
  return rig;
}

it.each([
  ['without a client', 200_000],
  ['with one', 280_000],
])('while Kafka is down for a topic alone, a record of another one is tried at once, %s', async (_, ms) => {
  const rig = await downForOneTopic(ms);
  rig.sender.add(recordOf({ topic: 'other', text: 'a' }));
  await rig.clock.pass(20);
  expect(rig.delivered).toEqual(['a']);
});

it('while Kafka is down for a topic alone, further records of it change nothing about its next attempt', async () => {
  const rig = await downForOneTopic(280_000);
  const { fired } = rig.clock;
  for (let at = 0; at < 400; at++) {
    rig.sender.add(recordOf({ topic: 'missing' }));
    await rig.clock.pass(25);
  }
  expect(rig.clock.fired - fired).toBeLessThan(4);
});

it('while Kafka is down, records that come change nothing about the next attempt', async () => {
  const rig = new Rig({ retry: { initialMs: 10_000, maxMs: 10_000, maxAgeMs: undefined } });
  rig.connect = () => Promise.reject(new Error('ECONNREFUSED'));
  for (let at = 0; at < 1_000; at++) {
    rig.log('a');
    await rig.clock.pass(25);
  }
  // In 25 seconds, with an attempt each ten.
  expect(rig.clock.fired).toBeLessThan(10);
});

it('a stopped sender sends nothing of what has gone to disk', async () => {
  const { spool } = openSpool(directoryOfSpec());
  const rig = new Rig({ spool });
  rig.answer = () => new Promise(() => undefined);
  rig.log('under way');
  await rig.clock.pass(20);
  rig.log('waits');
  const stopping = rig.sender.stop();
  await rig.clock.pass(60_000);
  await stopping;
  expect(rig.sent.map(({ texts }) => texts)).toEqual([['under way']]);
  expect(rig.clock.armed).toBe(0);
});

it('a sender that is stopped and started again before it has looked for what is due looks again', async () => {
  const rig = new Rig();
  rig.log(...Array(10).fill('full'));
  const stopping = rig.sender.stop();
  await rig.clock.settle();
  await stopping;
  rig.sender.restart();
  rig.log('a');
  await rig.clock.pass(1_000);
  expect(rig.delivered).toEqual(['a']);
});

/** Holds up what is due for so long, and notes when it was asked. */
function holding(ms: number) {
  const asked: number[] = [];
  let until: number | undefined;
  const pauseUntil = (now: number, mayPause: boolean): number => {
    asked.push(now);
    if (!mayPause) return 0;
    until ??= now + ms;
    return until;
  };
  return { asked, gate: { pauseUntil, onSend: () => undefined } };
}

it('a pause for the loop detector begins when something is due, and is waited for by one timer', async () => {
  const { asked, gate } = holding(300);
  const rig = new Rig({ gate });
  rig.log('first');
  await rig.clock.pass(25);
  asked.length = 0;
  const { fired } = rig.clock;
  const since = rig.clock.now;
  rig.log('a');
  // Something else has the loop look, before it is due.
  rig.sender.onSpooledWork();
  await rig.clock.pass(19);
  expect(asked).toEqual([]);
  await rig.clock.pass(301);
  expect(rig.delivered).toEqual(['first', 'a']);
  expect(asked).toEqual([since + 20, since + 320]);
  expect(rig.clock.fired - fired).toBe(2);
});

it('no timer spins while as many sends are under way as there may be, and others are due', async () => {
  const rig = new Rig({ requestTimeoutMs: 600_000 });
  rig.learns = 8;
  rig.log('first');
  await rig.clock.pass(20);
  rig.answer = () => new Promise(() => undefined);
  const { fired } = rig.clock;
  for (let key = 0; key < 8; key++) rig.sender.add(recordOf({ key: String(key) }));
  await rig.clock.pass(60_000);
  expect(rig.sent).toHaveLength(1 + 5);
  expect(rig.clock.fired - fired).toBeLessThan(5);
});

it('connects when something is due, and not when it looks before', async () => {
  const rig = new Rig();
  const connects: number[] = [];
  rig.connect = async () => void connects.push(rig.clock.now);
  rig.log('a');
  rig.sender.onSpooledWork();
  await rig.clock.pass(100);
  expect([connects, rig.delivered]).toEqual([[20], ['a']]);
});

/** Has sent to one topic, and refuses another: that is to be asked alone then, by a fresh client. */
async function refusing(): Promise<Rig> {
  const rig = new Rig({ retry: { initialMs: 100, maxMs: 1_000, maxAgeMs: 5_000 } });
  rig.learns = 8;
  rig.answer = (batch) =>
    batch.topic === 'refused'
      ? Promise.reject(Object.assign(new Error('no'), { type: 'TOPIC_AUTHORIZATION_FAILED', code: 29 }))
      : stored(batch);
  rig.log('a');
  await rig.clock.pass(100);
  return rig;
}

it('a topic that is asked alone is asked by one send, though it has several partitions', async () => {
  const rig = await refusing();
  const { answer } = rig;
  rig.answer = (batch, client) => (client === 2 ? new Promise(() => undefined) : answer(batch, client));
  for (let key = 0; key < 8; key++) rig.sender.add(recordOf({ topic: 'refused', key: String(key) }));
  await rig.clock.pass(2_000);
  expect(rig.sent.filter(({ client }) => client === 2)).toHaveLength(1);
});

it('a topic that is to be asked alone, and whose records are gone by then, holds no other one up', async () => {
  const rig = await refusing();
  const connected = deferred<void>();
  rig.connect = () => connected.promise;
  rig.sender.add(recordOf({ topic: 'refused' }));
  await rig.clock.pass(6_000);
  expect(rig.dropped.map(({ reason }) => reason)).toEqual(['expired']);
  rig.log('b');
  connected.resolve();
  await rig.clock.pass(1_000);
  expect(rig.delivered).toEqual(['a', 'b']);
});

it('counts its sends, and those of them that are of records that were sent before', async () => {
  const rig = new Rig();
  rig.log('a');
  await rig.clock.pass(100);
  expect([rig.sender.sends, rig.sender.retries]).toEqual([1, 0]);
  let failures = 2;
  rig.answer = (batch) => (failures-- > 0 ? Promise.reject(new Error('no')) : stored(batch));
  rig.log('b');
  await rig.clock.pass(10_000);
  expect(rig.delivered).toEqual(['a', 'b']);
  expect([rig.sender.sends, rig.sender.retries]).toEqual([4, 2]);
});

it.each([
  ['is stored all the same tells that Kafka is there', true, 'up'],
  ['fails tells nothing of Kafka', false, 'idle'],
])('a send whose records have been given up meanwhile, and that %s', async (_, isStored, state) => {
  const rig = new Rig();
  const held = deferred<void>();
  rig.answer = async (batch) => {
    await held.promise;
    if (!isStored) throw new Error('cut off');
    return stored(batch);
  };
  rig.log('a');
  await rig.clock.pass(20);
  rig.sender.giveUp();
  held.resolve();
  await rig.clock.settle();
  expect([rig.sender.state, rig.sender.lastError]).toEqual([state, null]);
});
