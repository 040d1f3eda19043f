import { expect, it } from 'vitest';
import { OPTION_NAMES, resolveOptions } from '../../lib/options/resolve.ts';
import { ENOUGH, refused } from './refused.ts';

it('the options have every default in place, and cannot be changed', () => {
  const options = resolveOptions(ENOUGH);
  expect(Object.keys(options)).toEqual([...OPTION_NAMES]);
  expect(options).toMatchObject({
    topic: 'logs',
    silent: false,
    recordId: false,
    loopDetection: true,
    loopHeader: false,
    batch: { maxRecords: 500, lingerMs: 20 },
    buffer: { overflow: 'drop-oldest' },
    client: { kind: 'own', acks: -1 },
  });
  expect(Object.isFrozen(options)).toBe(true);
});

it('what is given takes the place of its default, and of no other', () => {
  const { batch } = resolveOptions(ENOUGH);
  expect(resolveOptions({ ...ENOUGH, batch: { lingerMs: 5 } }).batch).toEqual({ ...batch, lingerMs: 5 });
  expect(resolveOptions({ ...ENOUGH, batch: undefined }).batch).toEqual(batch);
});

it.each([undefined, null, [], 'topic', new (class Options {})()])(
  '%s is no object with options',
  (options) => {
    expect(() => resolveOptions(options)).toThrow('an object with at least "topic" and "kafka"');
  },
);

it('a name that belongs into a group is refused with its path, before any value is looked at', () => {
  expect(refused({ lingerMs: 5, topic: 1 }).message).toContain('Did you mean "batch.lingerMs"?');
});
