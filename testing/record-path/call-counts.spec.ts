import { runInThisContext } from 'node:vm';
import { expect, it, onTestFinished } from 'vitest';
import { CallCounts } from './call-counts.ts';

interface Functions {
  once(): void;
  thrice(): void;
  never(): void;
}

const SOURCE = '({ once() {}, thrice() {}, never() {} })';

function functionsOf(filename: string): Functions {
  return runInThisContext(SOURCE, { filename }) as Functions;
}

function countsBelow(root: string): CallCounts {
  const counts = new CallCounts(root);
  onTestFinished(() => counts.stop());
  return counts;
}

it('counts the functions that ran, and how often, and not those that did not', () => {
  const counts = countsBelow('counted:');
  const { once, thrice } = functionsOf('counted:a.js');
  counts.take();

  once();
  for (let n = 0; n < 3; n++) thrice();

  const functions = [SOURCE.indexOf('once'), SOURCE.indexOf('thrice')];
  expect(counts.take()).toEqual([{ path: 'a.js', functions, calls: 4 }]);
});

it('forgets what ran before the last take', () => {
  const counts = countsBelow('forgotten:');
  const { once, never } = functionsOf('forgotten:a.js');
  once();
  expect(counts.take()).toMatchObject([{ path: 'a.js', calls: 1 }]);
  never();
  expect(counts.take()).toMatchObject([{ functions: [SOURCE.indexOf('never')], calls: 1 }]);
  expect(counts.take()).toEqual([]);
});

it('leaves out files elsewhere, and puts the busiest file first', () => {
  const counts = countsBelow('inside:');
  const [a, b, elsewhere] = ['inside:a.js', 'inside:b.js', 'outside:c.js'].map(functionsOf);
  counts.take();
  for (const functions of [a, b, b, elsewhere]) functions?.once();
  expect(counts.take()).toMatchObject([
    { path: 'b.js', calls: 2 },
    { path: 'a.js', calls: 1 },
  ]);
});
