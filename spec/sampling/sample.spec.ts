import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sample } from '../../lib/sampling/sample.ts';
import type { SampleOptions } from '../../lib/sampling/sampling-options.ts';

const kind = (): string => 'kind';

/** Which of so many records are kept. */
function keptOf(options: SampleOptions, count: number, seed = 1, level = 'info'): boolean[] {
  const sample = new Sample(options, seed);
  return Array.from({ length: count }, () => sample.keeps(level, kind));
}

const share = (kept: boolean[]): number => kept.filter(Boolean).length / kept.length;

describe('a sample of records', () => {
  it.each([0.01, 0.1, 0.5, 0.9])('keeps a part of them: %d', (rate) => {
    expect(share(keptOf({ rate }, 100_000))).toBeCloseTo(rate, 2);
  });

  it('keeps none at 0 and all at 1', () => {
    expect(new Set(keptOf({ rate: 0 }, 1_000))).toEqual(new Set([false]));
    expect(new Set(keptOf({ rate: 1 }, 1_000))).toEqual(new Set([true]));
    // The first number of this seed is 0.
    expect(keptOf({ rate: 0, seed: 2_463_401_483 }, 1)).toEqual([false]);
  });

  it('keeps the same ones with the same seed, and others with another', () => {
    const options = { rate: 0.3, seed: 42 };
    expect(keptOf(options, 1_000, 1)).toEqual(keptOf(options, 1_000, 2));
    expect(keptOf(options, 1_000)).not.toEqual(keptOf({ rate: 0.3, seed: 43 }, 1_000));
    expect(keptOf({ rate: 0.3 }, 1_000, 1)).toEqual(keptOf({ rate: 0.3 }, 1_000, 1));
    expect(keptOf({ rate: 0.3 }, 1_000, 1)).not.toEqual(keptOf({ rate: 0.3 }, 1_000, 2));
    // So that a version of this library that draws other numbers is noticed.
    expect(keptOf({ rate: 0.5, seed: 7 }, 12).map(Number).join('')).toMatchInlineSnapshot(`"110001110011"`);
  });

  it('has a rate for each level that is named, and keeps all others', () => {
    const rate = { debug: 0, info: 0.5 };
    expect(share(keptOf({ rate }, 100, 1, 'debug'))).toBe(0);
    expect(share(keptOf({ rate }, 10_000, 1, 'info'))).toBeCloseTo(0.5, 1);
    for (const level of ['warn', 'toString', '__proto__'])
      expect(share(keptOf({ rate }, 100, 1, level))).toBe(1);
  });
});

describe('a sample of kinds of records', () => {
  it('keeps the first of each, and then one in so many', () => {
    const sample = new Sample({ rate: 0.25, by: 'fingerprint' }, 1);
    const kept = Array.from({ length: 10 }, (_, at) =>
      sample.keeps('info', () => (at % 2 === 0 ? 'a' : 'b')),
    );
    expect(kept).toEqual([true, true, ...Array(6).fill(false), true, true]);
  });

  it('keeps one in ten at a tenth, though ten times 0.1 is a little less than 1', () => {
    const kept = keptOf({ rate: 0.1, by: 'fingerprint' }, 21);
    expect(kept.flatMap((isKept, at) => (isKept ? [at] : []))).toEqual([0, 10, 20]);
  });

  it('keeps as many as the rate says, give or take the first one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.integer({ min: 1, max: 2_000 }),
        (thousandth, count) => {
          const rate = thousandth / 1_000;
          const kept = keptOf({ rate, by: 'fingerprint' }, count).filter(Boolean).length;
          expect(kept).toBeGreaterThanOrEqual(Math.floor(rate * (count - 1)));
          expect(kept).toBeLessThanOrEqual(Math.ceil(rate * (count - 1)) + 1);
        },
      ),
    );
  });

  it('keeps none at 0', () => {
    expect(new Set(keptOf({ rate: 0, by: 'fingerprint' }, 10))).toEqual(new Set([false]));
  });

  it('remembers 1,000 of them, and then begins anew', () => {
    const sample = new Sample({ rate: 0.001, by: 'fingerprint' }, 1);
    for (let at = 0; at < 1_000; at++) expect(sample.keeps('info', () => `kind ${at}`)).toBe(true);
    expect(sample.keeps('info', () => 'kind 0')).toBe(false);
    expect(sample.keeps('info', () => 'one more')).toBe(true);
    expect(sample.keeps('info', () => 'kind 0')).toBe(true);
  });
});
