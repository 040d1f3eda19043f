import { expect, it } from 'vitest';
import { Tally } from '../../lib/util/tally.ts';

it('counts by name, and in all', () => {
  const tally = new Tally();
  tally.add('one');
  tally.add('other', 3);
  tally.add('one');
  expect(tally.take()).toEqual({ total: 5, byName: { one: 2, other: 3 } });
});

it('begins anew with what is counted after it was told', () => {
  const tally = new Tally();
  expect([tally.isEmpty, tally.take()]).toEqual([true, { total: 0, byName: {} }]);
  tally.add('one');
  expect([tally.isEmpty, tally.take().total, tally.isEmpty]).toEqual([false, 1, true]);
  tally.add('other');
  expect(tally.take()).toEqual({ total: 1, byName: { other: 1 } });
});

it('has no name for what has not happened', () => {
  const tally = new Tally();
  tally.add('one', 0);
  expect(tally.isEmpty).toBe(true);
});

it('takes any name: a level can be called as what every object has', () => {
  const tally = new Tally();
  for (const name of ['constructor', '__proto__', 'constructor']) tally.add(name);
  const { total, byName } = tally.take();
  expect([total, Object.entries(byName)]).toEqual([
    3,
    [
      ['constructor', 2],
      ['__proto__', 1],
    ],
  ]);
});
