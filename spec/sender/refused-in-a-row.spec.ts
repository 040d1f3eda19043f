// A topic that takes nothing older than 5 s, and an outage: 56,871 of 60,000 records were rejected, one send each, and those logged
// after the broker's return grew too old behind them. The same with a compacted topic and records without key. In virtual
// time; an answer of the broker takes 2 ms.
import { describe, expect, it } from 'vitest';
import { type Batch, isPacked } from '../../lib/accumulator/batch.ts';
import { messagesOf } from '../../lib/clients/client-messages.ts';
import { PendingRecord } from '../../lib/record/record.ts';
import { Spool } from '../../lib/spool/spool.ts';
import { directoryOfSpec } from '../spool/rig.ts';
import { type HeldClock, Rig, stored, textsOf } from './rig.ts';

const BEFORE_MAX_MS = 5_000;
const OUTAGE_MS = 20_000;
const STEP_MS = 20;
const NO_CONNECTION = Object.assign(new Error('no'), { name: 'KafkaJSConnectionError' });

const timesIn = (batch: Batch): number[] => messagesOf(batch).map(({ timestamp }) => Number(timestamp));

function answerAfter(clock: HeldClock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}

function rigWith(isSpooled: boolean): Rig {
  const limits = {
    batch: { maxRecords: 500, maxBytes: 524_288, lingerMs: 20 },
    // With a spool, memory holds a fraction of the outage.
    buffer: {
      maxRecords: isSpooled ? 1_000 : 100_000,
      maxBytes: 67_108_864,
      overflow: 'drop-oldest' as const,
    },
    retry: { initialMs: 100, maxMs: 10_000, maxAgeMs: undefined },
  };
  if (!isSpooled) return new Rig(limits);
  let rig: Rig | undefined;
  const clock = (): HeldClock => (rig as Rig).clock;
  const options = { directory: directoryOfSpec(), mode: 'overflow' as const, maxBytes: 1e9 };
  const spool = new Spool(
    options,
    {
      systemTime: () => clock().systemTime(),
      wall: () => clock().wall(),
      monotonic: () => clock().monotonic(),
      after: (ms, fn) => clock().after(ms, fn),
      cancel: (timer) => clock().cancel(timer),
      soon: (fn) => clock().soon(fn),
    },
    {
      onAdopted: (count, positions) => (rig as Rig).ledger.adopt(count, positions),
      onDamaged: () => expect.unreachable(),
      onLost: () => expect.unreachable(),
      onError: (cause) => expect.unreachable(String(cause)),
      onWork: () => (rig as Rig).sender.onSpooledWork(),
    },
  );
  rig = new Rig({ ...limits, spool });
  rig.clock.wallOffset = 1_700_000_000_000;
  spool.open();
  return rig;
}

/** Logs at this rate for so long. @returns how many records */
async function log(rig: Rig, perSecond: number, ms: number, from: number): Promise<number> {
  let logged = from;
  for (let passed = 0; passed < ms; passed += STEP_MS) {
    const due = from + Math.floor(((passed + STEP_MS) * perSecond) / 1_000);
    for (; logged < due; logged++) {
      const record = new PendingRecord({
        topic: 'logs',
        level: 'info',
        severity: 2,
        time: rig.clock.wall(),
        text: String(logged),
        key: null,
      });
      rig.sender.add(record);
    }
    await rig.clock.pass(STEP_MS);
  }
  return logged;
}

function expectBalanced({ ledger }: Rig): void {
  const { accepted, delivered, inMemory, spooledWaiting, droppedTotal } = ledger;
  expect(accepted).toBe(delivered + inMemory + spooledWaiting + droppedTotal);
}

describe.each([200, 400, 1_000, 2_000])('at %s records a second', (perSecond) => {
  it.each([false, true])(
    'what is too old after an outage is sent with another time, with a spool: %s',
    { timeout: 120_000 },
    async (isSpooled) => {
      const rig = rigWith(isSpooled);
      let isAway = true;
      let refusals = 0;
      const originals: number[] = [];
      rig.answer = async (batch) => {
        await answerAfter(rig.clock, 2);
        if (isAway) throw NO_CONNECTION;
        if (timesIn(batch).some((time) => time < rig.clock.wall() - BEFORE_MAX_MS)) {
          refusals++;
          throw Object.assign(new Error('too old'), { type: 'INVALID_TIMESTAMP', code: 32 });
        }
        for (const { headers } of messagesOf(batch))
          if (headers !== undefined) originals.push(Number(headers['original-timestamp']));
        return stored(batch);
      };
      const start = rig.clock.wall();
      const away = await log(rig, perSecond, OUTAGE_MS, 0);
      isAway = false;
      const all = await log(rig, perSecond, 10_000, away);
      await rig.clock.pass(10_000);
      expect(rig.dropped).toEqual([]);
      expect(rig.delivered).toEqual(Array.from({ length: all }, (_, n) => String(n)));
      expect(rig.ledger.retimed).toBe(originals.length);
      expect(originals.length).toBeGreaterThan(0);
      expect(originals.every((time) => time >= start && time <= start + OUTAGE_MS + 10_000)).toBe(true);
      // 20 s old, then 10: each shows that half of it may be too much.
      expect(refusals).toBeLessThanOrEqual(3);
      expect(rig.sender.state).not.toBe('down');
      expectBalanced(rig);
    },
  );

  it('a compacted topic refuses what has no key, together, and memory does not fill', async () => {
    const rig = rigWith(false);
    let sends = 0;
    rig.answer = async (batch) => {
      await answerAfter(rig.clock, 2);
      sends++;
      if (messagesOf(batch).some(({ key }) => key === null))
        throw Object.assign(new Error('failed the validation'), { type: 'INVALID_RECORD', code: 87 });
      return stored(batch);
    };
    const all = await log(rig, perSecond, 15_000, 0);
    expect(rig.ledger.queued).toBeLessThan(Math.max(50, perSecond / 10));
    await rig.clock.pass(1_000);
    expect(rig.dropped.length).toBe(all);
    expect(rig.dropped.every(({ reason }) => reason === 'rejected')).toBe(true);
    expect(sends).toBeLessThan(15_000 / 20 + 100);
    expect(rig.sender.state).toBe('up');
    expectBalanced(rig);
  });
});

function logOne(rig: Rig, text: string, key: string | null, age = 0): void {
  const time = rig.clock.wall() - age;
  rig.sender.add(new PendingRecord({ topic: 'logs', level: 'info', severity: 2, time, text, key }));
}

it('records with key go on beside those that a compacted topic refuses, and it is noticed when it takes them again', async () => {
  const rig = new Rig();
  rig.learns = 1;
  let isCompacted = true;
  rig.answer = (batch) =>
    isCompacted && messagesOf(batch).some(({ key }) => key === null)
      ? Promise.reject({ type: 'INVALID_RECORD', code: 87 })
      : stored(batch);
  for (let n = 0; n < 200; n++) logOne(rig, String(n), n % 2 === 0 ? '0' : null);
  await rig.clock.pass(2_000);
  expect(rig.delivered).toEqual(Array.from({ length: 100 }, (_, n) => String(2 * n)));
  expect(rig.dropped.length).toBe(100);
  isCompacted = false;
  logOne(rig, 'taken', null);
  await rig.clock.pass(2_000);
  expect(rig.delivered.at(-1)).toBe('taken');
  // From now on a refusal is about a single record again.
  rig.answer = (batch) =>
    textsOf(batch.content).includes('bad')
      ? Promise.reject({ type: 'INVALID_RECORD', code: 87 })
      : stored(batch);
  for (const text of ['a', 'bad', 'b']) logOne(rig, text, null);
  await rig.clock.pass(2_000);
  expect(rig.delivered.slice(-2)).toEqual(['a', 'b']);
  expect(rig.dropped.length).toBe(101);
});

it('what is refused with a time of now as well is found one by one, and does not go round for ever', async () => {
  const rig = new Rig();
  rig.answer = (batch) =>
    textsOf(batch.content).includes('bad')
      ? Promise.reject({ type: 'INVALID_TIMESTAMP', code: 32 })
      : stored(batch);
  for (const text of ['a', 'bad', 'b']) logOne(rig, text, null, 60_000);
  await rig.clock.pass(5_000);
  expect(rig.delivered).toEqual(['a', 'b']);
  expect(rig.dropped.map(({ text, reason }) => [text, reason])).toEqual([['bad', 'rejected']]);
  expect(rig.sent.length).toBeLessThan(12);
});

it('a topic whose limit was raised gets the original times again, after a while', async () => {
  const rig = new Rig();
  rig.clock.wallOffset = 1_700_000_000_000;
  let limit = 1_000;
  const times: number[] = [];
  rig.answer = (batch) => {
    const now = rig.clock.wall();
    if (timesIn(batch).some((time) => time < now - limit))
      return Promise.reject({ type: 'INVALID_TIMESTAMP', code: 32 });
    times.push(...timesIn(batch).map((time) => now - time));
    return stored(batch);
  };
  logOne(rig, 'a', null, 8_000);
  await rig.clock.pass(100);
  limit = Number.POSITIVE_INFINITY;
  logOne(rig, 'b', null, 8_000);
  await rig.clock.pass(600_100);
  logOne(rig, 'c', null, 8_000);
  await rig.clock.pass(100);
  expect(times).toEqual([0, 0, 8_020]);
});

it('a refusal is an answer: several sends at a time, and the state says so', async () => {
  const rig = new Rig();
  rig.learns = 4;
  rig.answer = () => Promise.reject({ type: 'INVALID_RECORD', code: 87 });
  logOne(rig, 'bad', '0');
  await rig.clock.pass(20);
  expect(rig.sender.state).toBe('up');
  rig.answer = () => new Promise(() => undefined);
  for (const key of ['0', '1', '2', '3']) logOne(rig, key, key);
  const before = rig.sent.length;
  await rig.clock.pass(20);
  expect(rig.sent.length - before).toBe(4);
});

it('a batch stands in pages until a time has to be changed', async () => {
  const rig = new Rig();
  const packed: boolean[] = [];
  rig.answer = (batch) => {
    packed.push(isPacked(batch.content));
    return stored(batch);
  };
  logOne(rig, 'a', null, 60_000);
  await rig.clock.pass(20);
  expect(packed).toEqual([true]);
});
