import { describe, expect, it } from 'vitest';
import { Distribution } from '../../lib/observe/distribution.ts';

function distributionOf(values: number[], bounds: number[] = []): Distribution {
  const distribution = new Distribution(bounds);
  for (const value of values) distribution.record(value);
  return distribution;
}

describe('percentiles', () => {
  it('are 0 while nothing was measured', () => {
    expect(distributionOf([]).percentiles).toEqual({ p50: 0, p99: 0, max: 0 });
  });

  it.each([
    ['zero', 0, 0],
    ['a thousandth', 0.001, 0.001],
    ['less than a thousandth', 0.0004, 0],
    ['less than zero (a clock that was set back)', -5, 0],
    ['something that is no whole number', 0.047, 0.047],
  ])('show %s as it is', (_, value, shown) => {
    expect(distributionOf([value]).percentiles).toEqual({ p50: shown, p99: shown, max: shown });
  });

  it.each([0.5, 1, 7.25, 100, 12_345, 86_400_000])('are within 1 %% of %d', (value) => {
    const { p50, max } = distributionOf([value]).percentiles;
    expect(Math.abs(p50 - value) / value).toBeLessThan(0.01);
    expect(Math.abs(max - value) / value).toBeLessThan(0.01);
  });

  it('tell the common from the rare', () => {
    const values = Array.from({ length: 1000 }, (_, at) => (at < 985 ? 1 : 50));
    const { p50, p99, max } = distributionOf(values).percentiles;
    expect(p50).toBeCloseTo(1, 1);
    expect(p99).toBeCloseTo(50, -1);
    expect(max).toBeCloseTo(50, -1);
  });

  it('bear with what is larger than they can hold', () => {
    expect(distributionOf([Number.MAX_VALUE]).percentiles.max).toBeGreaterThan(1e12);
  });
});

describe('counts', () => {
  it('are cumulative, and include the bound', () => {
    const { counts } = distributionOf([0, 1, 1.5, 2, 10], [1, 2, 5]);
    expect(counts).toEqual({
      count: 5,
      sum: 14.5,
      buckets: [
        { upTo: 1, count: 2 },
        { upTo: 2, count: 4 },
        { upTo: 5, count: 4 },
      ],
    });
  });
});
