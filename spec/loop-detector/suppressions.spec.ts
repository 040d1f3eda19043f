import { expect, it } from 'vitest';
import { Suppressions } from '../../lib/loop-detector/suppressions.ts';

const SECOND = 1_000;

it('keeps a kind of record in for ten seconds, and no other', () => {
  const suppressions = new Suppressions();
  expect(suppressions.suppress('loop', 0)).toBe(10 * SECOND);
  expect(suppressions.suppresses('loop', 10 * SECOND - 1)).toBe(true);
  expect(suppressions.suppresses('other', 1)).toBe(false);
  expect(suppressions.suppresses('loop', 10 * SECOND)).toBe(false);
});

it('doubles the term with each relapse on probation, up to five minutes', () => {
  const suppressions = new Suppressions();
  const terms: number[] = [];
  for (let now = 0, count = 0; count < 7; count++) {
    const term = suppressions.suppress('loop', now);
    terms.push(term / SECOND);
    now += term;
    expect(suppressions.isOnProbation('loop', now)).toBe(true);
    now += term - 1;
    expect(suppressions.isOnProbation('loop', now)).toBe(true);
  }
  expect(terms).toEqual([10, 20, 40, 80, 160, 300, 300]);
});

it('forgets what has behaved for as long as its term was', () => {
  const suppressions = new Suppressions();
  suppressions.suppress('loop', 0);
  suppressions.forgetExpired(19 * SECOND);
  expect(suppressions.isEmpty).toBe(false);
  suppressions.forgetExpired(20 * SECOND);
  suppressions.forgetExpired(20 * SECOND + 1);
  expect(suppressions.isEmpty).toBe(true);
  expect(suppressions.suppress('loop', 30 * SECOND)).toBe(10 * SECOND);
});
