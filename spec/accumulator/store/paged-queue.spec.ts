import { describe, expect, it } from 'vitest';
import { PagePool } from '../../../lib/accumulator/store/page-pool.ts';
import { PagedQueue } from '../../../lib/accumulator/store/paged-queue.ts';
import type { RecordPage } from '../../../lib/accumulator/store/record-page.ts';
import { recordOf, textsOf } from '../../sender/rig.ts';

/** Remembers the pages that it was asked for. */
class CountedPool extends PagePool {
  readonly taken: RecordPage[] = [];

  override take(wanted: number): RecordPage {
    const page = super.take(wanted);
    this.taken.push(page);
    return page;
  }
}

function queueOf(...texts: string[]): { queue: PagedQueue; pool: CountedPool; heads: number[] } {
  const pool = new CountedPool();
  const heads: number[] = [];
  const queue: PagedQueue = new PagedQueue(pool, (of) => heads.push(of.count));
  for (const text of texts) queue.push(recordOf({ text }));
  return { queue, pool, heads };
}

describe('a paged queue', () => {
  it('is first in, first out', () => {
    const { queue } = queueOf('a', 'bb', 'ccc', 'd');
    expect([queue.count, queue.bytes]).toEqual([4, 7]);
    expect(queue.peek()?.text).toBe('a');
    expect(queue.peek()?.text).toBe('a');
    expect(queue.shift()?.text).toBe('a');
    expect(queue.pop()?.text).toBe('d');
    expect([queue.count, queue.bytes]).toEqual([2, 5]);
    expect([queue.head?.bytes, queue.last?.bytes]).toEqual([2, 3]);
    expect(textsOf([...queue])).toEqual(['bb', 'ccc']);
    expect(textsOf(queue.takeAll())).toEqual(['bb', 'ccc']);
    expect([queue.count, queue.bytes, queue.head, queue.last]).toEqual([0, 0, undefined, undefined]);
  });

  it('pops those that are objects once no others wait', () => {
    const { queue } = queueOf('c');
    queue.pushFront([recordOf({ text: 'a' }), recordOf({ text: 'b' })]);
    expect([queue.pop(), queue.pop(), queue.pop(), queue.pop()].map((record) => record?.text)).toEqual([
      'c',
      'b',
      'a',
      undefined,
    ]);
  });

  it('tells of a new oldest record: the first one, and those that come back', () => {
    const { queue, heads } = queueOf('b', 'c');
    expect(heads).toEqual([1]);
    queue.pushFront([recordOf({ text: 'a' })]);
    expect(heads).toEqual([1, 3]);
    queue.takeAll();
    queue.push(recordOf());
    expect(heads).toEqual([1, 3, 1]);
  });

  it('does not tell of a record behind one that has been looked at', () => {
    const { queue, heads } = queueOf('a');
    queue.peek();
    queue.push(recordOf());
    expect(heads).toEqual([1]);
  });
});

describe('what is taken for a send', () => {
  it('is as many records as one send may carry', () => {
    const { queue } = queueOf('aa', 'bb', 'cc', 'dd');
    const byCount = queue.takePacked({ most: 2, maxBytes: 100 });
    expect(textsOf(byCount)).toEqual(['aa', 'bb']);
    expect([queue.count, queue.bytes]).toEqual([2, 4]);
    const byBytes = queue.takePacked({ most: 9, maxBytes: 3 });
    expect(textsOf(byBytes)).toEqual(['cc']);
    expect(textsOf(queue.takePacked({ most: 9, maxBytes: 1 }))).toEqual(['dd']);
    expect(queue.takePacked({ most: 9, maxBytes: 9 })).toBeUndefined();
  });

  it('is nothing while records wait as objects', () => {
    const { queue } = queueOf('a', 'b');
    queue.peek();
    expect(queue.takePacked({ most: 9, maxBytes: 9 })).toBeUndefined();
    queue.shift();
    expect(textsOf(queue.takePacked({ most: 9, maxBytes: 9 }))).toEqual(['b']);
  });
});

describe('pages', () => {
  it('begin with room for some records, and grow with what waits', () => {
    const { queue, pool } = queueOf('x'.repeat(1_000));
    expect(pool.taken.map(({ packed }) => packed.size)).toEqual([8_192]);
    for (let record = 0; record < 30; record++) queue.push(recordOf({ text: 'x'.repeat(1_000) }));
    expect(pool.taken.map(({ packed }) => packed.size)).toEqual([8_192, 8_192, 16_384, 32_768]);
  });

  it('go back to the pool when they are empty and their batch is done with', () => {
    const { queue, pool } = queueOf('a', 'b');
    const taken = queue.takePacked({ most: 9, maxBytes: 9 });
    queue.push(recordOf());
    expect(pool.taken[1]).not.toBe(pool.taken[0]);
    taken?.release();
    queue.takeAll();
    const [first, second] = [pool.take(1), pool.take(1)];
    expect(new Set([first, second])).toEqual(new Set(pool.taken.slice(0, 2)));
  });
});
