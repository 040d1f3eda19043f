import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fullJitter } from '../../lib/time/backoff.ts';

const retry = { initialMs: 100, maxMs: 10_000 };

it.each([
  { failures: 1, random: 0, delay: 0 },
  { failures: 1, random: 0.5, delay: 50 },
  { failures: 1, random: 1, delay: 100 },
  { failures: 2, random: 1, delay: 200 },
  { failures: 7, random: 1, delay: 6_400 },
  { failures: 8, random: 1, delay: 10_000 },
  { failures: 1_000_000, random: 1, delay: 10_000 },
  { failures: 1_000_000, random: 0.25, delay: 2_500 },
])('after $failures failures, random $random: $delay ms', ({ failures, random, delay }) => {
  expect(fullJitter(failures, retry, () => random)).toBe(delay);
});

it('is always a whole number between nothing and the ceiling', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1 }),
      fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (failures, initialMs, maxMs, random) => {
        const delay = fullJitter(failures, { initialMs, maxMs }, () => random);
        expect(Number.isInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(maxMs);
      },
    ),
  );
});
