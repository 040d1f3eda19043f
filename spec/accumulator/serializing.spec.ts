import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Serializing, type UnserializedRecords } from '../../lib/accumulator/serializing.ts';
import type { PendingRecord, TransportEntry } from '../../lib/record/record.ts';
import { Serialization } from '../../lib/record/value/serialization.ts';
import { Serializer } from '../../lib/record/value/serializer.ts';
import { HeldClock, recordOf } from '../sender/rig.ts';

type Answer = string | Promise<string>;

const OUTAGE = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const BAD = new Error('no');
const MAX_ASKED = 64;

/** The accumulator, as much of it as matters here. */
class Records implements UnserializedRecords {
  readonly waiting: PendingRecord[] = [];
  readonly dropped: [string, string, unknown][] = [];
  room = Number.POSITIVE_INFINITY;

  [Symbol.iterator](): Iterator<PendingRecord> {
    return this.waiting[Symbol.iterator]();
  }

  get first(): PendingRecord | undefined {
    return this.waiting[0];
  }

  add(record: PendingRecord): boolean {
    if (this.waiting.length >= this.room) {
      this.shed(record, 'overflow', undefined);
      return false;
    }
    this.waiting.push(record);
    return true;
  }

  take(value: string | Buffer): PendingRecord | undefined {
    const record = this.waiting.shift();
    record?.setValue(value);
    return record;
  }

  refuse(record: PendingRecord, cause: unknown): void {
    this.shed(record, 'invalid', cause);
  }

  drop(record: PendingRecord, cause: unknown): void {
    this.shed(record, 'invalid', cause);
  }

  /** The accumulator drops it. */
  shed(record: PendingRecord, reason: string, cause: unknown): void {
    const at = this.waiting.indexOf(record);
    if (at >= 0) this.waiting.splice(at, 1);
    record.state = 'settled';
    this.dropped.push([record.text, reason, cause]);
    record.empty();
  }
}

class Rig {
  readonly clock = new HeldClock();
  readonly records = new Records();
  readonly added: string[] = [];
  readonly asked: string[] = [];
  readonly outages: unknown[] = [];
  readonly states: boolean[] = [];
  readonly warnings: unknown[] = [];
  readonly made: PendingRecord[] = [];
  readonly serializing: Serializing;

  constructor(answer: (text: string) => Answer) {
    const serialize = ({ message }: TransportEntry): Answer => {
      this.asked.push(message);
      return answer(message);
    };
    this.serializing = new Serializing({
      serializer: new Serializer(serialize, {
        callbackFailed: (_, error) => this.warnings.push(error),
        invalidReturn: (_, expected) => this.warnings.push(expected),
      }),
      records: this.records,
      clock: this.clock,
      random: () => 0.999,
      retry: { initialMs: 100, maxMs: 1_000 },
      requestTimeoutMs: 10_000,
      add: (record) => this.added.push(`${record.text}=${record.value ?? record.text}`),
      onOutage: (cause) => this.outages.push(cause),
      onState: () => this.states.push(this.serializing.isDown),
    });
  }

  log(...texts: readonly string[]): void {
    for (const text of texts) {
      const record = recordOf({ text });
      this.made.push(record);
      const entry = { level: 'info', message: text, time: 0, info: {}, origin: undefined };
      record.serialization = new Serialization(entry);
      this.serializing.add(record, record.serialization);
    }
  }

  /** Resolves when all promises that can have had their turns have. */
  async turn(): Promise<void> {
    await this.clock.settle();
  }
}

/** Promises that the spec settles. */
class Promises {
  readonly #waiting = new Map<string, { resolve(value: string): void; reject(error: unknown): void }>();

  readonly make = (text: string): Promise<string> =>
    new Promise((resolve, reject) => this.#waiting.set(text, { resolve, reject }));

  resolve(text: string, value: unknown = `<${text}>`): void {
    this.#waiting.get(text)?.resolve(value as string);
  }

  reject(text: string, error: unknown): void {
    this.#waiting.get(text)?.reject(error);
  }
}

function numbers(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, at) => String(from + at));
}

describe('Serializing', () => {
  it('has a value that is there at once go on at once, and hold nothing', () => {
    const rig = new Rig((text) => `<${text}>`);
    rig.log('a', 'b');
    expect(rig.added).toEqual(['a=<a>', 'b=<b>']);
    expect(rig.records.waiting).toEqual([]);
    expect(rig.made.map(({ serialization }) => serialization)).toEqual([undefined, undefined]);
    expect(rig.clock.armed).toBe(0);
  });

  it('drops at once what has failed at once', () => {
    const rig = new Rig(() => {
      throw BAD;
    });
    rig.log('a');
    expect(rig.records.dropped).toEqual([['a', 'invalid', BAD]]);
    expect(rig.warnings).toEqual([BAD]);
  });

  it('releases promises in the order of their records, whatever order they settle in', async () => {
    const promises = new Promises();
    const rig = new Rig(promises.make);
    rig.log('a', 'b', 'c');
    expect(rig.asked).toEqual(['a', 'b', 'c']);
    promises.resolve('c');
    promises.reject('b', BAD);
    await rig.turn();
    expect(rig.added).toEqual([]);
    expect(rig.records.dropped).toEqual([]);
    promises.resolve('a');
    await rig.turn();
    expect(rig.added).toEqual(['a=<a>', 'c=<c>']);
    expect(rig.records.dropped).toEqual([['b', 'invalid', BAD]]);
    expect(rig.clock.armed).toBe(0);
  });

  it('has a value that is there at once wait behind a promise', async () => {
    const promises = new Promises();
    const rig = new Rig((text) => (text === 'late' ? promises.make(text) : text));
    rig.log('late', 'behind');
    expect(rig.added).toEqual([]);
    promises.resolve('late', 'l');
    await rig.turn();
    expect(rig.added).toEqual(['late=l', 'behind=behind']);
  });

  it.each(['throws', 'rejects'])(
    'asks again, with growing waits, for as long as it %s of an outage',
    async (how) => {
      let isAway = true;
      const rig = new Rig((text) => {
        if (!isAway) return how === 'throws' ? text : Promise.resolve(text);
        if (how === 'rejects') return Promise.reject(OUTAGE);
        throw OUTAGE;
      });
      rig.log('a');
      await rig.turn();
      const times: number[] = [];
      for (let asked = rig.asked.length; times.length < 6; asked = rig.asked.length) {
        const from = rig.clock.now;
        while (rig.asked.length === asked) await rig.clock.pass(1);
        times.push(rig.clock.now - from);
      }
      expect(times).toEqual([100, 200, 400, 799, 999, 999]);
      expect(rig.outages).toEqual([OUTAGE]);
      expect(rig.states).toEqual([true]);
      expect(rig.warnings).toEqual([]);
      expect(rig.serializing.lastError).toMatchObject({ cause: OUTAGE });
      isAway = false;
      await rig.clock.pass(1_000);
      expect(rig.added).toEqual(['a=a']);
      expect(rig.states).toEqual([true, false]);
      expect(rig.clock.armed).toBe(0);
    },
  );

  it('tells a second outage anew, and starts with the short wait', async () => {
    let isAway = true;
    const rig = new Rig(() => {
      if (isAway) throw OUTAGE;
      return 'v';
    });
    rig.log('a');
    await rig.clock.pass(400);
    isAway = false;
    await rig.clock.pass(1_000);
    isAway = true;
    rig.log('b');
    const { length } = rig.asked;
    await rig.clock.pass(99);
    expect(rig.asked).toHaveLength(length);
    await rig.clock.pass(1);
    expect(rig.asked).toHaveLength(length + 1);
    expect(rig.outages).toEqual([OUTAGE, OUTAGE]);
  });

  it('does not ask for what comes while it is down; afterwards a few at a time, in order', async () => {
    const promises = new Promises();
    let isAway = true;
    const rig = new Rig((text) => {
      if (isAway) throw OUTAGE;
      return promises.make(text);
    });
    rig.log('first', ...numbers(200));
    expect(rig.asked).toEqual(['first']);
    isAway = false;
    await rig.clock.pass(100);
    expect(rig.asked).toEqual(['first', 'first']);
    promises.resolve('first');
    await rig.turn();
    expect(rig.asked.slice(2)).toEqual(numbers(MAX_ASKED));
    rig.log('new');
    expect(rig.asked).not.toContain('new');
    for (let at = 0; at < 200; at++) {
      promises.resolve(String(at));
      await rig.turn();
      expect(rig.asked.length - 2).toBe(Math.min(201, MAX_ASKED + at + 1));
    }
    promises.resolve('new');
    await rig.turn();
    expect(rig.added).toEqual(['first', ...numbers(200), 'new'].map((text) => `${text}=<${text}>`));
    expect(rig.asked.slice(2)).toEqual([...numbers(200), 'new']);
  });

  it('asks for each of a backlog whose values are there at once', async () => {
    let isAway = true;
    const rig = new Rig((text) => {
      if (isAway) throw OUTAGE;
      return text;
    });
    rig.log(...numbers(200));
    isAway = false;
    await rig.clock.pass(100);
    expect(rig.added).toEqual(numbers(200).map((text) => `${text}=${text}`));
    rig.log('after');
    expect(rig.added.at(-1)).toBe('after=after');
  });

  it('asks those again that failed beside the oldest, once that is there', async () => {
    let isAway = true;
    const rig = new Rig(async (text) => {
      if (isAway) throw OUTAGE;
      return text;
    });
    rig.log('a', 'b', 'c');
    await rig.turn();
    expect(rig.outages).toEqual([OUTAGE]);
    isAway = false;
    await rig.clock.pass(100);
    expect(rig.added).toEqual(['a=a', 'b=b', 'c=c']);
    expect(rig.asked).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  it('is not down for one that fails behind the oldest', async () => {
    const promises = new Promises();
    const rig = new Rig((text) => promises.make(text));
    rig.log('a', 'b');
    promises.reject('b', OUTAGE);
    await rig.turn();
    expect(rig.serializing.isDown).toBe(false);
    promises.resolve('a');
    await rig.turn();
    expect(rig.serializing.isDown).toBe(true);
    await rig.clock.pass(100);
    promises.resolve('b');
    await rig.turn();
    expect(rig.added).toEqual(['a=<a>', 'b=<b>']);
    expect(rig.states).toEqual([true, false]);
  });

  it('gives a promise requestTimeoutMs, asks again, and does not listen to its late answer', async () => {
    const promises: ((value: string) => void)[] = [];
    const rig = new Rig(() => new Promise((resolve) => promises.push(resolve)));
    rig.log('a');
    await rig.clock.pass(9_999);
    expect(rig.serializing.isDown).toBe(false);
    await rig.clock.pass(1);
    expect(rig.serializing.isDown).toBe(true);
    expect(String(rig.outages[0])).toContain('serialize did not end within 10000 ms');
    await rig.clock.pass(100);
    expect(rig.asked).toEqual(['a', 'a']);
    promises[0]?.('too late');
    await rig.turn();
    expect(rig.added).toEqual([]);
    promises[1]?.('in time');
    await rig.turn();
    expect(rig.added).toEqual(['a=in time']);
  });

  it('asks at once when somebody flushes', async () => {
    let isAway = true;
    const rig = new Rig((text) => {
      if (isAway) throw OUTAGE;
      return text;
    });
    rig.serializing.retryNow();
    rig.log('a');
    isAway = false;
    rig.serializing.retryNow();
    await rig.turn();
    expect(rig.added).toEqual(['a=a']);
    expect(rig.clock.armed).toBe(0);
  });

  it('goes on with the next where the oldest was dropped meanwhile, and says nothing of its answer', async () => {
    const promises = new Promises();
    const rig = new Rig(promises.make);
    rig.log('a', 'b', 'c');
    promises.resolve('b');
    await rig.turn();
    rig.records.shed(rig.made[0] as PendingRecord, 'expired', undefined);
    promises.reject('a', BAD);
    await rig.turn();
    expect(rig.added).toEqual(['b=<b>']);
    rig.records.shed(rig.made[2] as PendingRecord, 'expired', undefined);
    promises.resolve('c', 7);
    await rig.turn();
    expect(rig.warnings).toEqual([]);
    expect(rig.records.dropped.map(([text]) => text)).toEqual(['a', 'c']);
  });

  it('handles the rejection of a promise for which there is no room', async () => {
    const promises = new Promises();
    const rig = new Rig(promises.make);
    rig.records.room = 1;
    rig.log('a', 'b');
    expect(rig.records.dropped).toEqual([['b', 'overflow', undefined]]);
    promises.reject('b', BAD);
    promises.resolve('a');
    await rig.turn();
    expect(rig.added).toEqual(['a=<a>']);
    expect(rig.warnings).toEqual([]);
  });

  it('skips those of a backlog that were dropped meanwhile', async () => {
    const promises = new Promises();
    let isAway = true;
    const rig = new Rig((text) => {
      if (isAway) throw OUTAGE;
      return text === 'first' ? text : promises.make(text);
    });
    rig.log('first', ...numbers(100));
    isAway = false;
    await rig.clock.pass(100);
    for (const record of rig.made.slice(60, 90)) rig.records.shed(record, 'overflow', undefined);
    for (const text of numbers(59)) promises.resolve(text);
    await rig.turn();
    expect(rig.asked.filter((text) => Number(text) > 63 && Number(text) < 89)).toEqual([]);
    for (const text of numbers(100)) promises.resolve(text);
    await rig.turn();
    expect(rig.added).toHaveLength(71);
    expect(rig.records.waiting).toEqual([]);
  });

  it('is at rest when it is stopped, and works when it is asked again', async () => {
    let isAway = true;
    const rig = new Rig((text) => {
      if (isAway) throw OUTAGE;
      return text;
    });
    rig.log('a', 'b');
    for (const record of [...rig.records.waiting]) rig.records.shed(record, 'closed', undefined);
    rig.serializing.stop();
    expect(rig.clock.armed).toBe(0);
    expect(rig.states).toEqual([true, false]);
    await rig.clock.pass(10_000);
    expect(rig.asked).toEqual(['a']);
    isAway = false;
    rig.log('c');
    expect(rig.added).toEqual(['c=c']);
  });

  it('settles each record once, in order, whatever happens and when', async () => {
    const kind = fc.constantFrom(
      'value',
      'promise',
      'throws',
      'rejects',
      'outage',
      'promised outage',
      'silent',
    );
    const step = fc.record({ kind, outages: fc.nat(3), pass: fc.nat(400), drop: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, isFlushed) => {
        const tries = new Map<string, number>();
        const rig = new Rig((text) => {
          const { kind: how, outages } = steps[Number(text)] as (typeof steps)[number];
          const tried = tries.get(text) ?? 0;
          tries.set(text, tried + 1);
          if (tried < outages && how === 'silent') return new Promise(() => undefined);
          if (tried < outages && how === 'promised outage') return Promise.reject(OUTAGE);
          if (tried < outages && how === 'outage') throw OUTAGE;
          if (how === 'throws') throw BAD;
          if (how === 'rejects') return Promise.reject(BAD);
          return how === 'value' || how === 'outage' ? text : Promise.resolve(text);
        });
        const givenUp: string[] = [];
        for (const [at, { pass, drop }] of steps.entries()) {
          rig.log(String(at));
          if (drop && rig.records.waiting.length > 0) {
            const victim = rig.records.waiting[at % rig.records.waiting.length] as PendingRecord;
            givenUp.push(victim.text);
            rig.records.shed(victim, 'expired', undefined);
          }
          await rig.clock.pass(pass);
          if (isFlushed) rig.serializing.retryNow();
        }
        await rig.clock.pass(steps.length * 50_000);
        expect(rig.records.waiting).toEqual([]);
        const isBad = (at: string): boolean => ['throws', 'rejects'].includes(steps[Number(at)]?.kind ?? '');
        const kept = numbers(steps.length).filter((at) => !givenUp.includes(at));
        expect(rig.added).toEqual(kept.filter((at) => !isBad(at)).map((at) => `${at}=${at}`));
        const invalid = rig.records.dropped.filter(([, reason]) => reason === 'invalid');
        expect(invalid.map(([text]) => text)).toEqual(kept.filter(isBad));
        expect(rig.serializing.isDown).toBe(false);
        expect(rig.clock.armed).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});
