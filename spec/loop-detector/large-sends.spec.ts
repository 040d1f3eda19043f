import { expect, it } from 'vitest';
import { LargeSends } from '../../lib/loop-detector/large-sends.ts';

it('takes a send of 64 records for a large one, and one of 63 not', () => {
  const sends = new LargeSends();
  sends.onSend(0, 63);
  expect(sends.areNew(0)).toBe(false);
  sends.onSend(1, 64);
  expect(sends.areNew(1)).toBe(true);
});

it('takes large sends for new ones for 30 seconds from the first', () => {
  const sends = new LargeSends();
  sends.onSend(100, 64);
  sends.onSend(20_000, 500);
  expect(sends.areNew(30_099)).toBe(true);
  expect(sends.areNew(30_100)).toBe(false);
});

it('counts anew after two smaller sends in a row, and not after one', () => {
  const sends = new LargeSends();
  sends.onSend(0, 64);
  sends.onSend(10_000, 1);
  sends.onSend(10_001, 64);
  expect(sends.areNew(30_000)).toBe(false);
  sends.onSend(30_001, 1);
  sends.onSend(30_002, 1);
  sends.onSend(30_003, 64);
  expect(sends.areNew(60_002)).toBe(true);
});
