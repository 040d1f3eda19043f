import { expect, it, vi } from 'vitest';
import { levelsOf, samplingOf } from '../../lib/sampling/sampling.ts';

const now = (): number => 0;
const kind = (): string => 'kind';

it('is not there where nothing is ever left out', () => {
  expect(samplingOf({ sample: undefined, rateLimit: undefined }, now, Math.random)).toBeUndefined();
});

it('does not count for the limit what the sample leaves out', () => {
  const sample = { rate: { debug: 0 } };
  const rateLimit = { maxRecords: 1, perMs: 100, by: 'fingerprint' as const };
  const sampling = samplingOf({ sample, rateLimit }, now, Math.random);
  expect(['debug', 'info', 'info'].map((level) => sampling?.keeps(level, kind))).toEqual([
    false,
    true,
    false,
  ]);
});

it('draws a seed where none is given', () => {
  const keptWith = (random: () => number): unknown => {
    const sampling = samplingOf({ sample: { rate: 0.5 }, rateLimit: undefined }, now, random);
    return Array.from({ length: 100 }, () => sampling?.keeps('info', kind));
  };
  expect(keptWith(() => 0.1)).toEqual(keptWith(() => 0.1));
  expect(keptWith(() => 0.1)).not.toEqual(keptWith(() => 0.2));
});

it('asks for the kind of a record only where it is needed', () => {
  const kindOf = vi.fn(kind);
  samplingOf({ sample: { rate: 0.5 }, rateLimit: undefined }, now, Math.random)?.keeps('info', kindOf);
  const byLevel = { maxRecords: 1, perMs: 100, by: 'level' as const };
  samplingOf({ sample: undefined, rateLimit: byLevel }, now, Math.random)?.keeps('info', kindOf);
  expect(kindOf).not.toHaveBeenCalled();
});

it('goes on counting by an option that has stayed, where the other one has changed', () => {
  const rateLimit = { maxRecords: 2, perMs: 100, by: 'level' as const };
  const before = samplingOf({ sample: undefined, rateLimit }, now, Math.random);
  expect(before?.keeps('info', kind)).toBe(true);
  const after = samplingOf({ sample: { rate: 1 }, rateLimit }, now, Math.random, before);
  expect([after?.keeps('info', kind), after?.keeps('info', kind)]).toEqual([true, false]);
});

it('draws no other seed for a sample that has stayed', () => {
  const sample = { rate: 0.5 };
  const keptBy = (sampling: ReturnType<typeof samplingOf>): unknown =>
    Array.from({ length: 100 }, () => sampling?.keeps('info', kind));
  const seeded = (): ReturnType<typeof samplingOf> =>
    samplingOf({ sample, rateLimit: undefined }, now, () => 0.1);
  const rateLimit = { maxRecords: 1_000, perMs: 100, by: 'level' as const };
  const after = samplingOf({ sample, rateLimit }, now, () => 0.2, seeded());
  expect(keptBy(after)).toEqual(keptBy(seeded()));
});

it('begins anew by an option that has changed', () => {
  const limitTo = (maxRecords: number) => ({ maxRecords, perMs: 100, by: 'level' as const });
  const before = samplingOf({ sample: undefined, rateLimit: limitTo(1) }, now, Math.random);
  expect([before?.keeps('info', kind), before?.keeps('info', kind)]).toEqual([true, false]);
  const after = samplingOf({ sample: undefined, rateLimit: limitTo(2) }, now, Math.random, before);
  expect([1, 2, 3].map(() => after?.keeps('info', kind))).toEqual([true, true, false]);
  const none = samplingOf({ sample: { rate: 0 }, rateLimit: undefined }, now, Math.random);
  const all = samplingOf({ sample: { rate: 1 }, rateLimit: undefined }, now, Math.random, none);
  expect([none?.keeps('info', kind), all?.keeps('info', kind)]).toEqual([false, true]);
});

it('names the levels of its options, and where they stand', () => {
  const rateLimit = { maxRecords: { debug: 1 }, perMs: 100 };
  expect(levelsOf({ sample: { rate: { info: 0.5, silly: 0 } }, rateLimit })).toEqual([
    { path: 'sample', level: 'info' },
    { path: 'sample', level: 'silly' },
    { path: 'rateLimit', level: 'debug' },
  ]);
  expect(levelsOf({ sample: { rate: 0.5 }, rateLimit: undefined })).toEqual([]);
});
