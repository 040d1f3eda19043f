import { describe, expect, it } from 'vitest';
import { Rig, stored, textsOf } from './rig.ts';

function expectBalanced({ ledger }: Rig): void {
  expect(ledger.accepted).toBe(ledger.delivered + ledger.queued + ledger.inFlight + ledger.droppedTotal);
}

describe('flush', () => {
  it('says what became of all that had been accepted, and of nothing else', async () => {
    const rig = new Rig();
    rig.answer = (batch) =>
      textsOf(batch.content).includes('bad') ? Promise.reject({ code: 87 }) : stored(batch);
    rig.log('a', 'bad', 'b');
    const report = rig.flush();
    rig.log('later');
    await rig.clock.pass(1);
    expect(await report).toEqual({ delivered: 2, dropped: 1, pending: 0 });
  });

  it('with nothing to wait for is over at once', async () => {
    const rig = new Rig();
    expect(await rig.flush()).toEqual({ delivered: 0, dropped: 0, pending: 0 });
    expect(rig.clock.armed).toBe(0);
  });

  it('that runs out of time says how many are left', async () => {
    const rig = new Rig();
    rig.connect = () => Promise.reject(new Error('no'));
    rig.log('a', 'b');
    const report = rig.flush(500);
    await rig.clock.pass(500);
    expect(await report).toEqual({ delivered: 0, dropped: 0, pending: 2 });
    expectBalanced(rig);
  });

  it('several at once: each has its own figures', async () => {
    const rig = new Rig();
    rig.log('a');
    const one = rig.flush();
    rig.log('b', 'c');
    const two = rig.flush();
    const three = rig.flush(0);
    await rig.clock.pass(1);
    expect(await Promise.all([one, two, three])).toEqual([
      { delivered: 1, dropped: 0, pending: 0 },
      { delivered: 3, dropped: 0, pending: 0 },
      expect.objectContaining({ dropped: 0 }),
    ]);
  });

  it('makes an attempt at once in an outage', async () => {
    const rig = new Rig({ retry: { initialMs: 60_000, maxMs: 60_000, maxAgeMs: undefined } });
    let attempts = 0;
    rig.connect = () => {
      attempts++;
      return Promise.reject(new Error('no'));
    };
    rig.log('a');
    await rig.clock.pass(1_000);
    expect(attempts).toBe(1);
    rig.connect = async () => undefined;
    const report = rig.flush();
    await rig.clock.pass(0);
    expect(await report).toEqual({ delivered: 1, dropped: 0, pending: 0 });
  });

  it('makes an attempt at once for a partition that waits for its next one', async () => {
    const rig = new Rig({ retry: { initialMs: 60_000, maxMs: 60_000, maxAgeMs: undefined } });
    rig.answer = () => Promise.reject(new Error('no'));
    rig.log('a');
    await rig.clock.pass(1_000);
    rig.answer = stored;
    const report = rig.flush();
    await rig.clock.pass(0);
    expect((await report).delivered).toBe(1);
  });
});
