import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ledger } from '../../lib/accumulator/ledger.ts';
import type { OverflowPolicy } from '../../lib/accumulator/memory-limit.ts';
import type { ProducerBatch } from '../../lib/accumulator/producer-batch.ts';
import { RecordAccumulator } from '../../lib/accumulator/record-accumulator.ts';
import type { PendingRecord } from '../../lib/record/record.ts';
import { batchingPolicy, recordOf, textsOf } from '../sender/rig.ts';

interface Limits {
  maxRecords?: number;
  maxBytes?: number;
  overflow?: OverflowPolicy;
  batchOf?: number;
}

function accumulatorOf({
  maxRecords = 5,
  maxBytes = 1_000_000,
  overflow = 'drop-oldest',
  batchOf = 2,
}: Limits) {
  const ledger = new Ledger();
  const dropped: string[] = [];
  const reasons: string[] = [];
  const accumulator = new RecordAccumulator(
    ledger,
    { maxRecords, maxBytes, overflow },
    batchingPolicy({ limits: { maxRecords: batchOf, maxBytes: 1_000_000, lingerMs: 0 } }),
    ({ text }, reason) => {
      dropped.push(text);
      reasons.push(reason);
    },
  );
  const add = (text: string, severity = 2, topic = 'logs'): PendingRecord => {
    const record = recordOf({ text, severity, topic });
    accumulator.add(record);
    accumulator.setPartitions(topic, 2, [0, 1]);
    return record;
  };
  return { ledger, accumulator, dropped, reasons, add };
}

function expectBalanced(ledger: Ledger): void {
  expect(ledger.accepted).toBe(ledger.delivered + ledger.queued + ledger.inFlight + ledger.droppedTotal);
}

describe('what gives way when the buffer is full', () => {
  // Severities as in npm: 0 error, 2 info, 5 debug.
  const records: [string, number][] = [
    ['info 1', 2],
    ['debug 1', 5],
    ['error 1', 0],
    ['debug 2', 5],
    ['info 2', 2],
  ];
  it.each<{ overflow: OverflowPolicy; newcomer: [string, number]; goes: string[] }>([
    { overflow: 'drop-oldest', newcomer: ['new', 5], goes: ['info 1'] },
    { overflow: 'drop-oldest', newcomer: ['new', 0], goes: ['info 1'] },
    { overflow: 'drop-newest', newcomer: ['new', 0], goes: ['new'] },
    { overflow: 'drop-lowest', newcomer: ['new', 0], goes: ['debug 1'] },
    { overflow: 'drop-lowest', newcomer: ['new', 5], goes: ['debug 1'] },
    { overflow: 'drop-lowest', newcomer: ['new', 6], goes: ['new'] },
    { overflow: 'drop-lowest', newcomer: ['new', Number.MAX_SAFE_INTEGER], goes: ['new'] },
  ])('$overflow, newcomer $newcomer', ({ overflow, newcomer, goes }) => {
    const { add, dropped, ledger, reasons } = accumulatorOf({ overflow });
    for (const [text, severity] of records) add(text, severity);
    add(...newcomer);
    expect(dropped).toEqual(goes);
    expect(reasons).toEqual(['overflow']);
    expect(ledger.inMemory).toBe(5);
    expectBalanced(ledger);
  });

  it('the least severe go first, the oldest of them first, until the severe are all that is left', () => {
    const { add, dropped } = accumulatorOf({ overflow: 'drop-lowest' });
    for (const [text, severity] of records) add(text, severity);
    for (const n of [1, 2, 3, 4, 5]) add(`error ${n + 1}`, 0);
    expect(dropped).toEqual(['debug 1', 'debug 2', 'info 1', 'info 2', 'error 1']);
  });
});

it('what is in flight counts as held, and cannot be shed', () => {
  const { add, accumulator, dropped, ledger } = accumulatorOf({ maxRecords: 3 });
  for (const text of ['a', 'b', 'c']) add(text);
  const batch = accumulator.drain(0, true);
  expect(textsOf(batch?.content)).toEqual(['a', 'b']);
  add('d');
  expect(dropped).toEqual(['c']);
  add('e');
  expect(dropped).toEqual(['c', 'd']);
  const other = accumulator.drain(0, true);
  expect([ledger.inFlight, ledger.queued]).toEqual([3, 0]);
  add('f');
  expect(dropped).toEqual(['c', 'd', 'f']);
  // Back again, they are the oldest.
  if (other !== undefined) accumulator.reenqueue(other, 0);
  if (batch !== undefined) accumulator.reenqueue(batch, 0);
  for (const text of ['g', 'h', 'i', 'j']) add(text);
  expect(dropped).toEqual(['c', 'd', 'f', 'a', 'b', 'e', 'g']);
  expectBalanced(ledger);
});

it('a record larger than the buffer is oversize, and sheds nothing', () => {
  const { add, dropped, reasons } = accumulatorOf({ maxBytes: 100 });
  add('a');
  add('b'.repeat(101));
  expect(dropped.map((text) => text.length)).toEqual([101]);
  expect(reasons).toEqual(['oversize']);
});

it('nothing is shed for a newcomer that does not fit in anyway', () => {
  const { add, dropped } = accumulatorOf({ maxBytes: 100, overflow: 'drop-lowest' });
  add('debug', 5);
  add('error'.repeat(18), 0);
  add('i'.repeat(50), 2);
  expect(dropped).toEqual(['i'.repeat(50)]);
});

it.each<OverflowPolicy>(['drop-oldest', 'drop-lowest'])(
  '%s sheds what waits in pages as it is, oldest first, and sends the rest in order',
  (overflow) => {
    const { add, accumulator, dropped, ledger } = accumulatorOf({
      maxRecords: 2_000,
      batchOf: 500,
      overflow,
    });
    const texts = Array.from({ length: 12_000 }, (_, n) => `${n} `.padEnd(n % 300, n % 3 ? '.' : 'ü'));
    for (const text of texts.slice(0, 2_000)) add(text);
    const under = accumulator.drain(0, true);
    if (under === undefined) throw new Error('it is due');
    expect(textsOf(under.content)).toEqual(texts.slice(0, 500));
    for (const text of texts.slice(2_000)) add(text);
    expect(dropped).toEqual(texts.slice(500, 10_500));
    accumulator.deliver(under);
    const rest: string[] = [];
    for (let batch = accumulator.drain(0, true); batch !== undefined; batch = accumulator.drain(0, true)) {
      rest.push(...textsOf(batch.content));
      accumulator.deliver(batch);
    }
    expect(rest).toEqual(texts.slice(10_500));
    expect([ledger.delivered, ledger.dropped.overflow, ledger.inMemory]).toEqual([2_000, 10_000, 0]);
  },
);

it('a batch that was delivered after all, as the process ended, does not wait to be sent again', () => {
  const policy = batchingPolicy({ resendsWhole: true });
  const limits = { maxRecords: 10, maxBytes: 1_000, overflow: 'drop-oldest' as const };
  const accumulator = new RecordAccumulator(new Ledger(), limits, policy, () => undefined);
  accumulator.setPartitions('logs', 1, [0]);
  accumulator.add(recordOf());
  accumulator.setPartitions('logs', 1, [0]);
  const batch = accumulator.drain(0, true);
  if (batch === undefined) throw new Error('it is due');
  expect(batch.partition).toBe(0);
  accumulator.deliver(batch);
  batch.release();
  // What the send itself has come to is heard of later.
  accumulator.reenqueue(batch, 0);
  expect([accumulator.inFlight.size, accumulator.nextDue(true)]).toEqual([0, undefined]);
});

it('a topic that is always busy does not keep another from its turn', () => {
  const { add, accumulator } = accumulatorOf({ maxRecords: 1_000 });
  for (let i = 0; i < 20; i++) add(`busy ${i}`, 2, 'busy');
  add('other', 2, 'other');
  const first: ProducerBatch[] = [];
  for (let i = 0; i < 3; i++) {
    const batch = accumulator.drain(0, true);
    if (batch === undefined) break;
    first.push(batch);
    accumulator.deliver(batch);
    for (let n = 0; n < 2; n++) add('more', 2, 'busy');
  }
  expect(first.map(({ topic }) => topic)).toEqual(['busy', 'other', 'busy']);
});

it('ever new topics are forgotten once they have nothing to send', () => {
  const { add, accumulator, ledger } = accumulatorOf({ maxRecords: 10 });
  let most = 0;
  let remembered: string[] = [];
  for (let i = 0; i < 5_000; i++) {
    add('x', 2, `topic-${i}`);
    const batch = accumulator.drain(0, true);
    if (batch !== undefined) accumulator.deliver(batch);
    remembered = [...remembered, `topic-${i}`].filter(
      (topic) => accumulator.partitionCount(topic) !== undefined,
    );
    most = Math.max(most, remembered.length);
  }
  expect(ledger.delivered).toBe(5_000);
  expect(most).toBeLessThanOrEqual(1_000);
});

it('gives up what waits and what is under way, in the order it came', () => {
  const { add, accumulator, dropped, ledger } = accumulatorOf({ maxRecords: 10 });
  for (const text of ['a', 'b', 'c', 'd']) add(text);
  const batch = accumulator.drain(0, true);
  accumulator.giveUp('closed', undefined);
  expect(dropped).toEqual(['a', 'b', 'c', 'd']);
  // Its answer comes late: the records are not counted twice.
  if (batch !== undefined) expect(accumulator.deliver(batch)).toEqual([]);
  expect([ledger.delivered, ledger.dropped.closed, ledger.inMemory, ledger.inMemoryBytes]).toEqual([
    0, 4, 0, 0,
  ]);
});

/** The policies once more, by searching through everything. */
class NaiveBuffer {
  readonly held: { text: string; severity: number; size: number; flying: boolean }[] = [];
  readonly #limits: Required<Pick<Limits, 'maxRecords' | 'maxBytes' | 'overflow'>>;
  constructor(limits: Required<Pick<Limits, 'maxRecords' | 'maxBytes' | 'overflow'>>) {
    this.#limits = limits;
  }
  /** @returns who goes */
  add(text: string, severity: number, size: number): string[] {
    const { maxRecords, maxBytes, overflow } = this.#limits;
    if (size > maxBytes) return [text];
    const inOrder = this.held.filter(({ flying }) => !flying);
    if (overflow === 'drop-lowest') {
      const candidates = inOrder.filter((held) => held.severity >= severity);
      inOrder.splice(0, inOrder.length, ...candidates.sort((a, b) => b.severity - a.severity));
    }
    const victims: typeof inOrder = [];
    const isFull = (): boolean => {
      const left = this.held.filter((held) => !victims.includes(held));
      return left.length + 1 > maxRecords || left.reduce((sum, held) => sum + held.size, size) > maxBytes;
    };
    while (isFull()) {
      const next = overflow === 'drop-newest' ? undefined : inOrder[victims.length];
      if (next === undefined) return [text];
      victims.push(next);
    }
    for (const victim of victims) this.held.splice(this.held.indexOf(victim), 1);
    this.held.push({ text, severity, size, flying: false });
    return victims.map((victim) => victim.text);
  }
}

it.each<OverflowPolicy>(['drop-oldest', 'drop-newest', 'drop-lowest'])(
  '%s sheds as a search through all would, also while batches come and go',
  (overflow) => {
    const step = fc.oneof(
      {
        weight: 10,
        arbitrary: fc.record({
          do: fc.constant('add' as const),
          severity: fc.nat(3),
          size: fc.integer({ min: 1, max: 60 }),
        }),
      },
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constant('take' as const),
          severity: fc.constant(0),
          size: fc.constant(0),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constant('giveBack' as const),
          severity: fc.constant(0),
          size: fc.nat(5),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          do: fc.constant('halve' as const),
          severity: fc.constant(0),
          size: fc.nat(5),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constant('deliver' as const),
          severity: fc.constant(0),
          size: fc.nat(5),
        }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
        const limits = { maxRecords: 8, maxBytes: 200, overflow };
        const { add, accumulator, dropped, ledger } = accumulatorOf({ ...limits, batchOf: 3 });
        const naive = new NaiveBuffer(limits);
        const under: ProducerBatch[] = [];
        let made = 0;
        for (const { do: what, severity, size } of steps) {
          const batch = under[size % Math.max(1, under.length)];
          if (what === 'add') {
            dropped.length = 0;
            const text = String(made++).padEnd(size, '.');
            const expected = naive.add(text, severity, text.length);
            add(text, severity);
            expect(dropped).toEqual(expected);
          } else if (what === 'take') {
            const taken = accumulator.drain(0, true);
            if (taken === undefined) continue;
            under.push(taken);
            for (const held of naive.held) {
              if (textsOf(taken.content).includes(held.text)) held.flying = true;
            }
          } else if (batch !== undefined) {
            under.splice(under.indexOf(batch), 1);
            const texts = textsOf(batch.content);
            for (const held of [...naive.held]) {
              if (!texts.includes(held.text)) continue;
              held.flying = false;
              if (what === 'deliver') naive.held.splice(naive.held.indexOf(held), 1);
            }
            if (what === 'deliver') accumulator.deliver(batch);
            else if (what === 'halve') accumulator.bisect(batch);
            else accumulator.reenqueue(batch, 0);
          }
          expect(ledger.inMemory).toBe(naive.held.length);
          expect(ledger.inMemoryBytes).toBe(naive.held.reduce((sum, held) => sum + held.size, 0));
          expectBalanced(ledger);
        }
      }),
      { numRuns: 100 },
    );
  },
);
