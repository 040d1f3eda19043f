import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OldestFirstIndex } from '../../../lib/accumulator/store/oldest-first-index.ts';
import { PagePool } from '../../../lib/accumulator/store/page-pool.ts';
import { PagedQueue } from '../../../lib/accumulator/store/paged-queue.ts';
import { recordOf } from '../../sender/rig.ts';
import { collectGarbage } from '../../support/garbage.ts';

/** An index with some queues, and how often the oldest record of any of them was looked at. */
function indexOf(queues: number) {
  const index = new OldestFirstIndex();
  const pool = new PagePool();
  const seen = { looks: 0 };
  class Watched extends PagedQueue {
    override get head() {
      seen.looks++;
      return super.head;
    }
  }
  let seq = 0;
  const all = Array.from({ length: queues }, () => new Watched(pool, (queue) => index.add(queue)));
  const push = (at: number): void => {
    const record = recordOf({ text: 'x'.repeat(10) });
    record.seq = ++seq;
    all[at % queues]?.push(record);
  };
  return { index, seen, all, push };
}

it('finds the oldest of all, whatever is pushed, taken, shed and brought back', () => {
  const step = fc.record({
    do: fc.constantFrom('push', 'push', 'push', 'shed', 'shed', 'take', 'bringBack'),
    at: fc.nat(4),
    n: fc.integer({ min: 1, max: 30 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      const { index, all, push } = indexOf(5);
      const taken: Parameters<PagedQueue['pushFront']>[0][] = [[], [], [], [], []];
      for (const { do: what, at, n } of steps) {
        const queue = all[at];
        if (queue === undefined) continue;
        if (what === 'push') for (let i = 0; i < n; i++) push(at + i);
        else if (what === 'take' && taken[at]?.length === 0) {
          taken[at] = Array.from({ length: Math.min(n, queue.count) }, () => queue.shift() ?? recordOf());
        } else if (what === 'bringBack') {
          queue.pushFront(taken[at] ?? []);
          taken[at] = [];
        } else if (what === 'shed') {
          for (let i = 0; i < n; i++) {
            const oldest = index.oldest();
            const seqs = all.flatMap((each) => each.head?.seq ?? []);
            expect(oldest?.seq).toBe(seqs.length === 0 ? undefined : Math.min(...seqs));
            oldest?.queue?.discard(oldest);
          }
        }
      }
    }),
  );
});

it('does not go through all queues for each record that gives way', () => {
  const queues = 1_000;
  const { index, seen, push } = indexOf(queues);
  for (let n = 0; n < 5 * queues; n++) push(n);
  seen.looks = 0;
  for (let n = 0; n < 4 * queues; n++) {
    const oldest = index.oldest();
    expect(oldest?.seq).toBe(n + 1);
    oldest?.queue?.discard(oldest);
    push(n);
  }
  expect(seen.looks).toBeLessThan(4 * queues * 4);
});

it('lets go of queues that have become empty, also where nothing ever gives way', async () => {
  const index = new OldestFirstIndex();
  const pool = new PagePool();
  const refs: WeakRef<PagedQueue>[] = [];
  for (let n = 0; n < 10_000; n++) {
    const queue = new PagedQueue(pool, (each) => index.add(each));
    queue.push(Object.assign(recordOf(), { seq: n }));
    queue.shift();
    refs.push(new WeakRef(queue));
  }
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  expect(refs.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(200);
  expect(index.oldest()).toBeUndefined();
});
