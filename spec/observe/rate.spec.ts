import { describe, expect, it } from 'vitest';
import { Rate } from '../../lib/observe/rate.ts';

describe('a rate', () => {
  it('is of the last ten whole seconds', () => {
    const rate = new Rate(0);
    for (let second = 0; second < 30; second++) rate.add(second, second * 1000 + 500);
    // The seconds 20 to 29; and later fewer and fewer of them.
    expect(rate.perSecond(30_000)).toBe(24.5);
    expect(rate.perSecond(30_999)).toBe(24.5);
    expect(rate.perSecond(35_000)).toBe((25 + 26 + 27 + 28 + 29) / 10);
    expect(rate.perSecond(40_000)).toBe(0);
  });

  it('leaves out the second that is under way', () => {
    const rate = new Rate(0);
    rate.add(100, 0);
    rate.add(900, 1_000);
    expect(rate.perSecond(1_999)).toBe(100);
    expect(rate.perSecond(2_000)).toBe(500);
  });

  it('is 0 in the first second, and of fewer seconds in the first ten', () => {
    const rate = new Rate(4_000);
    rate.add(60, 4_100);
    expect(rate.perSecond(4_900)).toBe(0);
    expect(rate.perSecond(5_000)).toBe(60);
    expect(rate.perSecond(7_000)).toBe(20);
  });

  it('forgets what lies far back, however long nothing happens in between', () => {
    const rate = new Rate(0);
    rate.add(1_000, 500);
    // Eleven places: this one would be the same as that of second 0.
    rate.add(10, 11_500);
    expect(rate.perSecond(12_000)).toBe(1);
  });

  it('was ten times too high once a clock had been set back, until it was as late as at the start again', () => {
    const rate = new Rate(1_000_000);
    for (let at = 0; at < 10; at++) rate.add(100, 1_000_000 + at * 1000);
    for (let at = 0; at < 10; at++) rate.add(7, 500_000 + at * 1000);
    expect(rate.perSecond(510_000)).toBe(7);
  });
});
