import { expect, it } from 'vitest';
import { PagePool } from '../../../lib/accumulator/store/page-pool.ts';

it.each([
  { wanted: 0, size: 4_096 },
  { wanted: 4_096, size: 4_096 },
  { wanted: 4_097, size: 8_192 },
  { wanted: 40_000, size: 65_536 },
  { wanted: 1_000_000, size: 65_536 },
])('makes a page of $size bytes where $wanted are wanted', ({ wanted, size }) => {
  expect(new PagePool().take(wanted).packed.size).toBe(size);
});

it('keeps 32 pages of each size that are not needed any more, and uses them again', () => {
  const pool = new PagePool();
  for (const wanted of [4_096, 8_192]) {
    const pages = Array.from({ length: 40 }, () => pool.take(wanted));
    for (const page of pages) page.release();
    const again = new Set(Array.from({ length: 40 }, () => pool.take(wanted)));
    expect(pages.filter((page) => again.has(page))).toHaveLength(32);
  }
});
