import { describe, expect, it } from 'vitest';
import { deferred, Rig, recordOf, stored } from './rig.ts';

function expectBalanced({ ledger }: Rig): void {
  expect(ledger.accepted).toBe(ledger.delivered + ledger.queued + ledger.inFlight + ledger.droppedTotal);
}

describe('a client is replaced', () => {
  it.each([
    ['at once after a send that was never answered', () => new Promise(() => undefined), 1],
    ['at once after a lost connection', () => Promise.reject(new Error('Broker not connected')), 1],
    ['after several failures in a row', () => Promise.reject(new Error('no')), 4],
  ])('%s', async (_, answer, sends) => {
    const rig = new Rig();
    rig.answer = (batch, client) => (client === 1 ? answer() : stored(batch));
    rig.log('a');
    await rig.clock.pass(30_000);
    expect(rig.delivered).toEqual(['a']);
    expect(rig.sent.filter(({ client }) => client === 1).length).toBe(sends);
    // The old one is gone before the next one is asked for anything.
    expect(rig.events.slice(0, 2)).toEqual(['close 1', 'kill 1']);
    expect(rig.sender.reconnects).toBe(1);
  });

  it('once, though several of its sends fail, one of them when the next client is there', async () => {
    const rig = new Rig();
    rig.learns = 5;
    rig.log('first');
    await rig.clock.pass(20);
    rig.answer = (batch, client) => (client === 1 ? new Promise(() => undefined) : stored(batch));
    for (const key of ['0', '1']) rig.sender.add(recordOf({ text: key, key }));
    await rig.clock.pass(5_000);
    for (const key of ['2', '3']) rig.sender.add(recordOf({ text: key, key }));
    await rig.clock.pass(20_000);
    expect(rig.delivered.length).toBe(5);
    // The last close is that of an idle connection.
    expect(rig.events.filter((event) => event.startsWith('close'))).toEqual(['close 1', 'close 2']);
    expect(rig.sender.reconnects).toBe(1);
  });

  it('but not cut off while others of its sends are under way: those would arrive twice', async () => {
    const rig = new Rig();
    rig.learns = 2;
    rig.log('first');
    await rig.clock.pass(20);
    const held = deferred<void>();
    rig.answer = async (batch, client) => {
      if (client === 1 && batch.partition === 0) throw new TypeError('its own fault');
      if (client === 1) await held.promise;
      return stored(batch);
    };
    for (const key of ['0', '1']) rig.sender.add(recordOf({ text: key, key }));
    await rig.clock.pass(5_000);
    expect(rig.events).toEqual([]);
    const { length } = rig.sent;
    held.resolve();
    await rig.clock.pass(1_000);
    expect(rig.delivered).toEqual(['first', '1', '0']);
    expect(rig.sent.slice(length).map(({ client }) => client)).toEqual([2]);
    expect(rig.sent.filter(({ texts }) => texts[0] === '1').length).toBe(1);
  });

  it('by one that is let go of when it connects after all', async () => {
    const rig = new Rig();
    const late = deferred<void>();
    rig.connect = (client) => (client === 1 ? late.promise : Promise.resolve());
    rig.log('a');
    await rig.clock.pass(12_000);
    expect(rig.delivered).toEqual(['a']);
    const before = rig.events.length;
    late.resolve();
    await rig.clock.settle();
    expect(rig.events.slice(before)).toEqual(['close 1', 'kill 1']);
  });

  it('and a disconnect that never ends is cut short', async () => {
    const rig = new Rig();
    rig.close = () => new Promise(() => undefined);
    rig.answer = (batch, client) => (client < 3 ? Promise.reject(new Error('not connected')) : stored(batch));
    rig.log('a');
    await rig.clock.pass(5_000);
    expect(rig.delivered).toEqual(['a']);
    expect(rig.events.filter((event) => event.startsWith('kill'))).toEqual(['kill 1', 'kill 2']);
  });
});

describe('an outage', () => {
  it('is told once, at the first connect that fails', async () => {
    const rig = new Rig();
    const cause = new Error('ECONNREFUSED');
    rig.connect = () => Promise.reject(cause);
    rig.log('a');
    await rig.clock.pass(20);
    expect(rig.outages).toEqual([{ cause, unreachable: true }]);
    expect(rig.sender.state).toBe('down');
    await rig.clock.pass(60_000);
    expect(rig.outages.length).toBe(1);
    rig.connect = async () => undefined;
    await rig.clock.pass(1_001);
    expect([rig.sender.state, rig.delivered]).toEqual(['up', ['a']]);
  });

  it('is not what one broker of several is that is down', async () => {
    const rig = new Rig({}, { brokerCount: 3 });
    rig.connect = (client) => (client <= 2 ? Promise.reject(new Error('ECONNREFUSED')) : Promise.resolve());
    rig.log('a');
    await rig.clock.pass(2_000);
    expect([rig.outages, rig.delivered]).toEqual([[], ['a']]);
  });

  it('is told, too, of a broker that answers and refuses again and again', async () => {
    const rig = new Rig();
    rig.answer = () => Promise.reject(new Error('not enough replicas'));
    rig.log('a');
    await rig.clock.pass(60_000);
    expect(rig.outages.map(({ unreachable }) => unreachable)).toEqual([false]);
  });

  it('of one topic is told, though others get through', async () => {
    const rig = new Rig();
    rig.answer = (batch) =>
      batch.topic === 'gone' ? Promise.reject(new Error('no such topic')) : stored(batch);
    rig.sender.add(recordOf({ topic: 'gone', text: 'lost?' }));
    for (let second = 0; second < 30; second++) {
      rig.log('fine');
      await rig.clock.pass(1_000);
    }
    expect(rig.outages.map(({ cause }) => String(cause))).toContain('Error: no such topic');
    expect(rig.sender.state).toBe('up');
    expect(rig.delivered.length).toBe(30);
  });

  it('that comes after the end is no news', async () => {
    const rig = new Rig();
    const late = deferred<void>();
    rig.connect = () => late.promise;
    rig.log('a');
    await rig.clock.pass(20);
    const stopped = rig.sender.stop();
    late.reject(new Error('closed'));
    await rig.clock.pass(2_000);
    await stopped;
    expect(rig.outages).toEqual([]);
  });
});

describe('idle', () => {
  it('closes the connection, and opens it again for the next record', async () => {
    const rig = new Rig();
    rig.log('a');
    await rig.clock.pass(2_019);
    expect([rig.events, rig.sender.state]).toEqual([[], 'up']);
    await rig.clock.pass(1);
    expect([rig.events, rig.sender.state]).toEqual([['close 1', 'kill 1'], 'idle']);
    expect(rig.clock.armed).toBe(0);
    rig.log('b');
    await rig.clock.pass(20);
    expect([rig.delivered, rig.sender.state]).toEqual([['a', 'b'], 'up']);
  });

  it('does not close what a record that waits for more will need at once', async () => {
    const rig = new Rig();
    rig.log('a');
    await rig.clock.pass(2_010);
    rig.log('b');
    await rig.clock.pass(20);
    expect([rig.delivered, rig.events]).toEqual([['a', 'b'], []]);
  });

  it('a record that comes while the connection is being closed opens the next', async () => {
    const rig = new Rig();
    rig.log('a');
    const closing = deferred<void>();
    rig.close = () => closing.promise;
    await rig.clock.pass(2_100);
    expect(rig.events).toEqual(['close 1']);
    rig.log('b');
    await rig.clock.pass(100);
    expect(rig.delivered).toEqual(['a']);
    closing.resolve();
    await rig.clock.pass(0);
    expect(rig.delivered).toEqual(['a', 'b']);
  });

  it("a client of the caller's own is left alone", async () => {
    const rig = new Rig({}, { isOwned: false });
    rig.log('a');
    await rig.clock.pass(60_000);
    expect(rig.events).toEqual([]);
  });
});

describe('stopped', () => {
  it('in an outage and started again, it goes on with what comes then', async () => {
    const rig = new Rig();
    rig.connect = () => Promise.reject(new Error('no'));
    rig.log('a');
    await rig.clock.pass(5_000);
    await rig.sender.stop();
    expect([rig.dropped.map(({ reason }) => reason), rig.clock.armed]).toEqual([['closed'], 0]);
    rig.connect = async () => undefined;
    rig.sender.restart();
    rig.log('b');
    await rig.clock.pass(1_000);
    expect(rig.delivered).toEqual(['b']);
  });

  it('and started again while it is stopping, a single record does not wait for the next one', async () => {
    const rig = new Rig();
    rig.log('a');
    await rig.clock.pass(20);
    const closing = deferred<void>();
    rig.close = (client) => (client === 1 ? closing.promise : Promise.resolve());
    const stopped = rig.sender.stop();
    rig.sender.restart();
    rig.log('b');
    await rig.clock.pass(100);
    closing.resolve();
    await stopped;
    await rig.clock.pass(0);
    expect(rig.delivered).toEqual(['a', 'b']);
  });

  it('with a send under way: its records are counted once, whatever is answered later', async () => {
    const rig = new Rig();
    const held = deferred<unknown>();
    rig.answer = () => held.promise;
    rig.log('a');
    await rig.clock.pass(20);
    const stopped = rig.sender.stop();
    held.resolve([{ topicName: 'logs', partition: 0, errorCode: 0 }]);
    await rig.clock.pass(2_000);
    await stopped;
    expect([rig.ledger.delivered, rig.ledger.dropped.closed, rig.clock.armed]).toEqual([0, 1, 0]);
    rig.log('b');
    expect(rig.ledger.dropped.closed).toBe(2);
    expectBalanced(rig);
  });
});
