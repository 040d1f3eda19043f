import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../lib/options/resolve.ts';
import { checkedUpdate } from '../../lib/options/update.ts';
import { ENOUGH, expectTaken, refused } from './refused.ts';

const resolved = (options: object) => {
  expectTaken({ ...ENOUGH, ...options });
  return resolveOptions({ ...ENOUGH, ...options });
};

describe('the options of records', () => {
  it('are off by default', () => {
    expect(resolved({})).toMatchObject({ sample: undefined, rateLimit: undefined, redact: undefined });
  });

  it.each<[unknown, object]>([
    [0.1, { rate: 0.1, by: 'record' }],
    [
      { debug: 0, info: 1 },
      { rate: { debug: 0, info: 1 }, by: 'record' },
    ],
    [{ rate: 0.1 }, { rate: 0.1, by: 'record' }],
    [
      { rate: { debug: 0.5 }, by: 'fingerprint', seed: -7 },
      { rate: { debug: 0.5 }, by: 'fingerprint', seed: -7 },
    ],
  ])('sample: %j', (sample, expected) => {
    expect(resolved({ sample }).sample).toEqual(expected);
  });

  it.each<[unknown, object]>([
    [100, { maxRecords: 100, perMs: 1_000, by: 'fingerprint' }],
    [
      { maxRecords: { info: 0 }, perMs: 5, by: 'level' },
      { maxRecords: { info: 0 }, perMs: 5, by: 'level' },
    ],
  ])('rateLimit: %j', (rateLimit, expected) => {
    expect(resolved({ rateLimit }).rateLimit).toEqual(expected);
  });

  it('are copied', () => {
    const rate = { debug: 0.5 };
    const { sample } = resolved({ sample: rate });
    rate.debug = 0;
    expect(sample?.rate).toEqual({ debug: 0.5 });
  });

  it.each<[object, RegExp]>([
    [{ sample: 1.1 }, /"sample" must be a number from 0 to 1, or one for each level/],
    [{ sample: -0.1 }, /"sample" must/],
    [{ sample: '0.1' }, /"sample" must .*Number\(\) makes one of a string.*'0.1'/],
    [{ sample: '' }, /"sample" must .*value \|\| undefined/],
    [{ sample: Number.NaN }, /"sample" must/],
    [{ sample: {} }, /"sample" must/],
    [{ sample: { debug: '1' } }, /"sample.debug" must be a number from 0 to 1/],
    [{ sample: { error: 0.5 } }, /"sample.error" must be a level that is less severe than error/],
    [{ sample: { rate: { error: 0.5 } } }, /"sample.rate.error"/],
    [{ sample: { rate: 0.5, sed: 1 } }, /unknown option "sample.sed". Did you mean "sample.seed"/],
    [{ sample: { rate: 0.5, seed: 1.5 } }, /"sample.seed"/],
    [{ sample: { rate: 0.5, by: 'level' } }, /"sample.by" must be 'record' or 'fingerprint'/],
    [{ rateLimit: 1.5 }, /"rateLimit" must be a whole number/],
    [{ rateLimit: '100' }, /"rateLimit" must be a whole number .*Number\(\) makes one of a string/],
    [{ rateLimit: { maxRecords: '100' } }, /"rateLimit.maxRecords" must .*Number\(\)/],
    [{ rateLimit: { maxRecords: { info: '100' } } }, /"rateLimit.maxRecords.info" must .*Number\(\)/],
    [
      { rateLimit: null },
      /"rateLimit" must be a whole number from 0 on, or an object with maxRecords, perMs, by;/,
    ],
    [{ rateLimit: { maxRecords: -1 } }, /"rateLimit.maxRecords"/],
    [{ rateLimit: { perMs: 10 } }, /"rateLimit.maxRecords"/],
    [{ rateLimit: { maxRecords: 1, perMs: 0 } }, /"rateLimit.perMs"/],
    [{ rateLimit: { maxRecords: { error: 1 } } }, /"rateLimit.maxRecords.error"/],
    [{ rateLimit: { maxRecords: 1, by: 'record' } }, /"rateLimit.by" must be 'level' or 'fingerprint'/],
    [{ redact: 'password' }, /"redact" must be a list of paths/],
    [{ redact: [] }, /"redact" must/],
    [{ redact: ['a', 5] }, /"redact\[1\]" must be a path/],
    [{ redact: ['a', 'b..c'] }, /"redact\[1\]" must be a path that can be read \(Invalid redaction path/],
  ])('%j are refused', (options, message) => {
    expect(refused({ ...ENOUGH, ...options }).message).toMatch(message);
  });
});

describe('an update', () => {
  it('has what is named, checked, and nothing else', () => {
    expect(checkedUpdate({ level: 'debug', sample: 0.5 }, undefined)).toEqual({
      level: 'debug',
      sample: { rate: 0.5, by: 'record' },
    });
    expect(checkedUpdate({ rateLimit: undefined }, undefined)).toEqual({ rateLimit: undefined });
  });

  it.each<[unknown, RegExp]>([
    [
      { topic: 'other' },
      /"topic" must be left out: while a transport runs, only level, filter, sample, rateLimit can change/,
    ],
    [{ sampel: 1 }, /unknown option "sampel". Did you mean "sample"/],
    [{ level: 5 }, /"level" must/],
    [{ filter: { nonsense: 'lvl' } }, /"filter/],
    ['debug', /"options" must be an object/],
  ])('%j is refused', (given, message) => {
    expect(() => checkedUpdate(given, undefined)).toThrow(message);
  });

  it('takes level names of its own in a filter', () => {
    expect(checkedUpdate({ filter: { '': 'loud' } }, { loud: 0 }).filter).toBeDefined();
  });
});
