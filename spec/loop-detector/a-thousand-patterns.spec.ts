import { it } from 'vitest';
import { runInnocentTraffic } from './innocent-traffic.ts';

// The first hundred are in loop-detector.spec.ts.
it('traffic without a loop is never suppressed: 900 more patterns', () => {
  for (let seed = 101; seed <= 1_000; seed++) runInnocentTraffic(seed);
});
