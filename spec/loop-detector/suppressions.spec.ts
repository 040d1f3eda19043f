import { expect, it } from 'vitest';
import { Quarantine } from '../../lib/loop-detector/quarantine.ts';

const SECOND = 1_000;

it('keeps a kind of record in for ten seconds, and no other', () => {
  const quarantine = new Quarantine();
  expect(quarantine.suppress('loop', 0)).toBe(10 * SECOND);
  expect(quarantine.suppresses('loop', 10 * SECOND - 1)).toBe(true);
  expect(quarantine.suppresses('other', 1)).toBe(false);
  expect(quarantine.suppresses('loop', 10 * SECOND)).toBe(false);
});

it('doubles the term with each relapse on probation, up to five minutes', () => {
  const quarantine = new Quarantine();
  const terms: number[] = [];
  for (let now = 0, count = 0; count < 7; count++) {
    const term = quarantine.suppress('loop', now);
    terms.push(term / SECOND);
    now += term;
    expect(quarantine.isOnProbation('loop', now)).toBe(true);
    now += term - 1;
    expect(quarantine.isOnProbation('loop', now)).toBe(true);
  }
  expect(terms).toEqual([10, 20, 40, 80, 160, 300, 300]);
});

it('forgets what has behaved for as long as its term was', () => {
  const quarantine = new Quarantine();
  quarantine.suppress('loop', 0);
  quarantine.tidy(19 * SECOND);
  expect(quarantine.isEmpty).toBe(false);
  quarantine.tidy(20 * SECOND);
  quarantine.tidy(20 * SECOND + 1);
  expect(quarantine.isEmpty).toBe(true);
  expect(quarantine.suppress('loop', 30 * SECOND)).toBe(10 * SECOND);
});
