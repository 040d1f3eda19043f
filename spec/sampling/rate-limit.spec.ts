import { describe, expect, it } from 'vitest';
import { RateLimit } from '../../lib/sampling/rate-limit.ts';
import type { RateLimitOptions } from '../../lib/sampling/sampling-options.ts';

class Rig {
  now = 0;
  readonly #limit: RateLimit;

  constructor(options: Partial<RateLimitOptions> = {}) {
    this.#limit = new RateLimit({ maxRecords: 2, perMs: 100, ...options }, () => this.now);
  }

  keeps(level = 'info', kind = level): boolean {
    return this.#limit.keeps(level, () => kind);
  }
}

describe('a rate limit', () => {
  it('keeps the first records of a time, which begins with the first of them', () => {
    const rig = new Rig();
    rig.now = 1_000;
    expect([rig.keeps(), rig.keeps(), rig.keeps()]).toEqual([true, true, false]);
    rig.now = 1_099;
    expect(rig.keeps()).toBe(false);
    rig.now = 1_100;
    expect([rig.keeps(), rig.keeps(), rig.keeps()]).toEqual([true, true, false]);
  });

  it('counts each kind of record by itself', () => {
    const rig = new Rig({ maxRecords: 1 });
    expect([rig.keeps('info', 'a'), rig.keeps('info', 'a'), rig.keeps('info', 'b')]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('counts each level by itself', () => {
    const rig = new Rig({ maxRecords: 1, by: 'level' });
    expect([rig.keeps('info', 'a'), rig.keeps('info', 'b'), rig.keeps('debug', 'a')]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('is for the levels that are named', () => {
    const rig = new Rig({ maxRecords: { debug: 0, info: 1 } });
    expect([
      rig.keeps('debug'),
      rig.keeps('info'),
      rig.keeps('info'),
      rig.keeps('warn'),
      rig.keeps('warn'),
    ]).toEqual([...[false, true, false, true, true]]);
  });

  it('remembers 1,000 kinds of records, and then begins anew', () => {
    const rig = new Rig({ maxRecords: 1 });
    for (let at = 0; at < 1_000; at++) expect(rig.keeps('info', `kind ${at}`)).toBe(true);
    expect(rig.keeps('info', 'kind 0')).toBe(false);
    expect(rig.keeps('info', 'one more')).toBe(true);
    expect(rig.keeps('info', 'kind 0')).toBe(true);
  });
});
