import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimeMerge } from '../../lib/command/time-merge.ts';

interface Item {
  readonly time: number;
  readonly partition: number;
  readonly offset: number;
}

const itemsOf = (partition: number, times: readonly number[]): Item[] =>
  times.map((time, offset) => ({ time, partition, offset }));

const names = (items: Iterable<Item>): string[] =>
  [...items].map(({ partition, offset }) => `${partition}/${offset}`);

describe('TimeMerge', () => {
  it('waits for each partition that more may come of', () => {
    const merge = new TimeMerge<Item>([0, 1]);
    const [a, b] = itemsOf(0, [10, 30]) as [Item, Item];
    merge.add(0, a);
    merge.add(0, b);
    expect(names(merge.taken())).toEqual([]);
    expect(merge.waiting(0)).toBe(2);
    merge.add(1, { time: 20, partition: 1, offset: 0 });
    expect(names(merge.taken())).toEqual(['0/0', '1/0']);
    expect(merge.waiting(0)).toBe(1);
    merge.end(1);
    expect(names(merge.taken())).toEqual(['0/1']);
    expect(merge.isEnded).toBe(false);
    merge.end(0);
    expect(merge.isEnded).toBe(true);
  });

  it('takes the lowest partition first where times are equal', () => {
    const merge = new TimeMerge<Item>([2, 1]);
    for (const partition of [2, 1]) for (const item of itemsOf(partition, [5, 5])) merge.add(partition, item);
    merge.end(1);
    merge.end(2);
    expect(names(merge.taken())).toEqual(['1/0', '1/1', '2/0', '2/1']);
  });

  it('takes nothing of a partition that is not asked for, or has ended', () => {
    const merge = new TimeMerge<Item>([0]);
    merge.add(1, { time: 0, partition: 1, offset: 0 });
    merge.end(0);
    merge.add(0, { time: 0, partition: 0, offset: 0 });
    expect(names(merge.taken())).toEqual([]);
    expect([merge.waiting(0), merge.waiting(1)]).toEqual([0, 0]);
  });

  it('has all records, each partition in its order, and sorted ones sorted, however they come', () => {
    const partitions = fc.array(fc.array(fc.nat(20), { maxLength: 12 }), { minLength: 1, maxLength: 5 });
    void fc.assert(
      fc.property(partitions, fc.boolean(), fc.infiniteStream(fc.nat(100)), (times, isSorted, choices) => {
        const left = times.map((list, partition) =>
          itemsOf(partition, isSorted ? list.toSorted((a, b) => a - b) : list),
        );
        const all = left.flat();
        const merge = new TimeMerge<Item>(left.map((_, partition) => partition));
        const out: Item[] = [];
        const open = new Set(left.keys());
        for (const choice of choices) {
          const partition = [...open][choice % open.size];
          if (partition === undefined) break;
          const next = left[partition]?.shift();
          if (next !== undefined) merge.add(partition, next);
          else {
            merge.end(partition);
            open.delete(partition);
          }
          out.push(...merge.taken());
          if (open.size === 0) break;
        }
        expect(out).toHaveLength(all.length);
        for (const partition of times.keys())
          expect(out.filter((item) => item.partition === partition)).toEqual(
            all.filter((item) => item.partition === partition),
          );
        if (isSorted)
          expect(out.map(({ time }) => time)).toEqual(all.map(({ time }) => time).sort((a, b) => a - b));
      }),
    );
  });
});
