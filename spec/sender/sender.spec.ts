import { describe, expect, it } from 'vitest';
import { deferred, Rig, recordOf, stored } from './rig.ts';

const numbers = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, at) => String(from + at));

function expectBalanced({ ledger }: Rig): void {
  expect(ledger.accepted).toBe(ledger.delivered + ledger.queued + ledger.inFlight + ledger.droppedTotal);
}

describe('a batch', () => {
  it('waits for the linger, and no longer', async () => {
    const rig = new Rig();
    rig.log('a', 'b');
    await rig.clock.pass(19);
    expect(rig.sent).toEqual([]);
    await rig.clock.pass(1);
    expect(rig.sent.map(({ texts }) => texts)).toEqual([['a', 'b']]);
  });

  it('goes at once when it is full', async () => {
    const rig = new Rig();
    rig.log(...numbers(10));
    await rig.clock.pass(0);
    expect(rig.delivered).toEqual(numbers(10));
  });

  it('lingers as long as it should while the system clock jumps', async () => {
    for (const jump of [-86_400_000, 86_400_000]) {
      const rig = new Rig();
      rig.log('a');
      await rig.clock.pass(10);
      rig.clock.wallOffset += jump;
      rig.log('b');
      await rig.clock.pass(9);
      expect(rig.sent).toEqual([]);
      await rig.clock.pass(1);
      expect(rig.delivered).toEqual(['a', 'b']);
    }
  });

  it('of another partition does not wait for one whose sends fail', async () => {
    const rig = new Rig({ retry: { initialMs: 60_000, maxMs: 60_000, maxAgeMs: undefined } });
    rig.learns = 2;
    rig.log('first');
    await rig.clock.pass(20);
    rig.answer = (batch) => (batch.partition === 0 ? Promise.reject(new Error('no')) : stored(batch));
    rig.sender.add(recordOf({ text: 'stuck', key: '0' }));
    await rig.clock.pass(30);
    rig.sender.add(recordOf({ text: 'free', key: '1' }));
    await rig.clock.pass(20);
    expect(rig.delivered).toEqual(['first', 'free']);
  });
});

describe('no timer spins', () => {
  const longTime = 60_000;

  it('while all partitions are busy, also when somebody flushes', async () => {
    const rig = new Rig({ requestTimeoutMs: 10 * longTime });
    rig.learns = 1;
    const held = deferred<unknown>();
    rig.answer = () => held.promise;
    rig.log(...numbers(50));
    void rig.flush(10 * longTime);
    await rig.clock.pass(longTime);
    expect(rig.sent.length).toBe(1);
    expect(rig.clock.fired).toBeLessThan(5);
  });

  it('while there is no client', async () => {
    const rig = new Rig({ requestTimeoutMs: 10 * longTime });
    rig.connect = () => new Promise(() => undefined);
    rig.log(...numbers(50));
    void rig.flush(10 * longTime);
    await rig.clock.pass(longTime);
    expect(rig.clock.fired).toBeLessThan(5);
  });

  it('while a client is let go of', async () => {
    const rig = new Rig();
    rig.log('a');
    await rig.clock.pass(20);
    const fired = rig.clock.fired;
    rig.close = () => new Promise(() => undefined);
    void rig.sender.disconnect();
    rig.log(...numbers(50));
    await rig.clock.pass(999);
    expect(rig.clock.fired - fired).toBeLessThan(3);
    await rig.clock.pass(100);
    expect(rig.delivered.length).toBe(51);
  });

  it('while everything waits for its next attempt', async () => {
    const rig = new Rig();
    rig.answer = () => Promise.reject(Object.assign(new Error('no'), { name: 'KafkaJSConnectionError' }));
    rig.log(...numbers(50));
    await rig.clock.pass(longTime);
    // One attempt a second, once the ceiling is reached; each has a timer of its own.
    expect(rig.sent.length).toBeGreaterThan(50);
    expect(rig.sent.length).toBeLessThan(80);
    expect(rig.clock.fired).toBeLessThan(3 * rig.sent.length);
  });

  it('while records keep coming in an outage', async () => {
    const rig = new Rig();
    rig.connect = () => Promise.reject(new Error('ECONNREFUSED'));
    for (let second = 0; second < 60; second++) {
      rig.log(...numbers(20));
      await rig.clock.pass(1_000);
    }
    expect(rig.clock.fired).toBeLessThan(200);
    expect(rig.outages.length).toBe(1);
  });

  it('with a factory that throws, at whatever pace the dice allow', async () => {
    const rig = new Rig({ random: () => 0 });
    rig.make = () => {
      throw new Error('no client today');
    };
    rig.log('a');
    await rig.clock.pass(1_000);
    // Random 0: the least delay there is, once a millisecond; never twice at once.
    expect(rig.clock.fired).toBeLessThanOrEqual(1_001);
    expect(rig.clock.armed).toBe(1);
    rig.make = () => undefined;
    await rig.clock.pass(10);
    expect(rig.delivered).toEqual(['a']);
  });
});

describe('records grow old', () => {
  const aged = { retry: { initialMs: 100, maxMs: 1_000, maxAgeMs: 5_000 } };

  it('and expire when they have waited too long, each at its time', async () => {
    const rig = new Rig(aged);
    rig.connect = () => Promise.reject(new Error('no'));
    rig.log('a');
    await rig.clock.pass(2_000);
    rig.log('b');
    await rig.clock.pass(3_000);
    expect(rig.dropped).toEqual([]);
    await rig.clock.pass(1);
    expect(rig.dropped).toEqual([{ text: 'a', reason: 'expired', cause: undefined }]);
    await rig.clock.pass(2_000);
    expect(rig.dropped.map(({ text }) => text)).toEqual(['a', 'b']);
    expectBalanced(rig);
  });

  it.each([86_400_000, -86_400_000])('but not because the system clock jumps by %s ms', async (jump) => {
    const rig = new Rig(aged);
    rig.connect = () => Promise.reject(new Error('no'));
    rig.log('a');
    await rig.clock.pass(100);
    rig.clock.wallOffset += jump;
    await rig.clock.pass(4_000);
    expect(rig.dropped).toEqual([]);
    await rig.clock.pass(1_000);
    expect(rig.dropped.map(({ reason }) => reason)).toEqual(['expired']);
  });
});

it('sends to one partition at a time, and to five at most', async () => {
  const rig = new Rig();
  rig.learns = 8;
  rig.log('first');
  await rig.clock.pass(20);
  const held = deferred<void>();
  const under: (number | undefined)[] = [];
  rig.answer = async (batch) => {
    expect(under).not.toContain(batch.partition);
    under.push(batch.partition);
    expect(under.length).toBeLessThanOrEqual(5);
    await held.promise;
    under.splice(under.indexOf(batch.partition), 1);
    return stored(batch);
  };
  for (let n = 0; n < 800; n++) rig.sender.add(recordOf({ text: String(n), key: String(n % 8) }));
  await rig.clock.pass(100);
  expect(under.length).toBe(5);
  held.resolve();
  await rig.clock.pass(100);
  expect(rig.delivered.length).toBe(801);
  for (let key = 0; key < 8; key++) {
    const own = rig.delivered
      .slice(1)
      .filter((text) => Number(text) % 8 === key)
      .map(Number);
    expect(own).toEqual([...own].sort((a, b) => a - b));
  }
});

it('sends one at a time until the first has come through', async () => {
  const rig = new Rig();
  const held = deferred<void>();
  rig.answer = async (batch) => {
    await held.promise;
    return stored(batch);
  };
  for (const topic of ['a', 'b', 'c', 'd']) rig.sender.add(recordOf({ topic }));
  await rig.clock.pass(100);
  expect(rig.sent.length).toBe(1);
  held.resolve();
  await rig.clock.pass(100);
  expect(rig.sent.length).toBe(4);
});
