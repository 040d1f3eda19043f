import { expect, it } from 'vitest';
import { Ledger } from '../../lib/accumulator/ledger.ts';
import type { OverflowPolicy } from '../../lib/accumulator/memory-limit.ts';
import { RecordAccumulator } from '../../lib/accumulator/record-accumulator.ts';
import type { PendingRecord } from '../../lib/record/record.ts';
import { seededRandom } from '../../lib/sampling/seeded-random.ts';
import type { Spool } from '../../lib/spool/spool.ts';
import { batchingPolicy, recordOf } from '../sender/rig.ts';
import { deliverAll, directoryOfSpec, openSpool } from '../spool/rig.ts';

interface RigOptions {
  readonly spool?: Spool;
  readonly overflow?: OverflowPolicy;
  readonly random?: () => number;
}

function accumulatorOf(
  onDropped: (record: PendingRecord) => void,
  { spool, overflow = 'drop-oldest', random = () => 0 }: RigOptions = {},
) {
  const ledger = new Ledger();
  const accumulator = new RecordAccumulator(
    ledger,
    { maxRecords: 10_000, maxBytes: 1_000_000, overflow },
    batchingPolicy({ limits: { maxRecords: 2, maxBytes: 1_000_000, lingerMs: 0 }, random }),
    onDropped,
    spool,
  );
  const add = (text: string, topic = 'logs', severity = 2): void => {
    accumulator.add(recordOf({ text, topic, severity }));
    accumulator.setPartitions(topic, 1, [0]);
  };
  return { ledger, accumulator, add };
}

it('those of several topics, and what is in flight, are given up in the order in which they were accepted', () => {
  const dropped: string[] = [];
  const { accumulator, add } = accumulatorOf(({ text }) => dropped.push(text));
  for (const [text, topic] of ['a logs', 'b other', 'c logs', 'd other', 'e logs'].map((each) =>
    each.split(' '),
  ))
    add(String(text), topic);
  // a and c of one topic, b and d of the other.
  accumulator.drain(0, true);
  expect(accumulator.inFlight.size).toBe(1);
  accumulator.giveUp('closed', undefined);
  expect(dropped).toEqual(['a', 'b', 'c', 'd', 'e']);
});

it('what is logged of each that is given up is not given up with it', () => {
  const dropped: string[] = [];
  const { accumulator, add } = accumulatorOf(({ text }) => {
    dropped.push(text);
    add(`${text} was dropped`);
  });
  for (const text of ['a', 'b', 'c']) add(text);
  accumulator.giveUp('closed', undefined);
  expect(dropped).toEqual(['a', 'b', 'c']);
  expect(accumulator.unsettled().map(({ text }) => text)).toEqual([
    'a was dropped',
    'b was dropped',
    'c was dropped',
  ]);
});

it('a process that ends as it is told of one drops the others, each once', () => {
  const dropped: string[] = [];
  const { accumulator, add } = accumulatorOf(({ text }) => {
    dropped.push(text);
    if (text !== 'b') return;
    add('the process ends');
    accumulator.giveUp('closed', undefined);
  });
  for (const text of ['a', 'b', 'c', 'd']) add(text);
  accumulator.giveUp('closed', undefined);
  expect(dropped).toEqual(['a', 'b', 'c', 'd', 'the process ends']);
});

it.each(['overflow', 'always'] as const)(
  'a disk that takes a part of them gets the youngest, and the others are dropped, the oldest first (%s)',
  (mode) => {
    const dropped: string[] = [];
    const { spool } = openSpool(directoryOfSpec(), undefined, { mode, maxBytes: 700_000 });
    const { ledger, accumulator, add } = accumulatorOf(({ text }) => dropped.push(text), { spool });
    const texts = Array.from({ length: 7_000 }, (_, at) => `record ${at} ${'x'.repeat(100)}`);
    for (const text of texts) add(text);
    accumulator.giveUp('closed', undefined);
    const kept = deliverAll(spool);
    const isKept = new Set(kept);
    expect(kept).toEqual(texts.filter((text) => isKept.has(text)));
    expect(dropped).toEqual(texts.filter((text) => !isKept.has(text)));
    // Of those that were on disk before, the first is.
    const first = mode === 'always' ? texts.slice(0, 1) : [];
    expect(kept).toEqual([...first, ...texts.slice(first.length - kept.length)]);
    expect([kept.length > 2_000, dropped.length > 2_000]).toEqual([true, true]);
    expect([ledger.inMemory, ledger.inMemoryBytes]).toEqual([0, 0]);
  },
);

it.each([1, 2, 3, 4, 5, 6])(
  'all of them are on disk in the order in which they were accepted (seed %i)',
  (seed) => {
    const random = seededRandom(seed);
    const pick = (count: number): number => Math.floor(random() * count);
    const { spool } = openSpool(directoryOfSpec());
    const dropped: string[] = [];
    const overflow = (['drop-oldest', 'drop-newest', 'drop-lowest'] as const)[seed % 3] ?? 'drop-oldest';
    const { ledger, accumulator, add } = accumulatorOf(({ text }) => dropped.push(text), {
      spool,
      overflow,
      random,
    });
    const left = new Set<string>();
    for (let at = 0; at < 6_000; at++) {
      const text = `record ${at}`;
      add(text, `topic ${pick(3)}`, pick(4));
      left.add(text);
      const batch = pick(20) === 0 ? accumulator.drain(0, true) : undefined;
      if (batch === undefined) continue;
      const ends = ['delivered', 'failed', 'is under way'][pick(3)];
      if (ends === 'delivered') for (const record of batch.records) left.delete(record.text);
      if (ends === 'delivered') accumulator.deliver(batch);
      if (ends === 'failed') accumulator.reenqueue(batch, 0);
    }
    accumulator.giveUp('closed', undefined);
    expect(dropped).toEqual([]);
    expect([ledger.inMemory, ledger.inMemoryBytes, ledger.spooledWaiting]).toEqual([0, 0, left.size]);
    expect(deliverAll(spool)).toEqual([...left]);
  },
);
