import { expect, it } from 'vitest';
import { seededRandom } from '../../lib/sampling/seeded-random.ts';

it('gives the numbers of mulberry32, of which there are 2 to the 32', () => {
  const random = seededRandom(42);
  expect([random(), random(), random()].map((number) => number * 2 ** 32)).toEqual([
    2_581_720_956, 1_925_393_290, 3_661_312_704,
  ]);
});
