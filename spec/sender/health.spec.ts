import { expect, it } from 'vitest';
import { Health, type HealthState } from '../../lib/sender/health.ts';

it('each change of the state is told, once', () => {
  const states: HealthState[] = [];
  const health = new Health(() => 0, {
    onOutage: () => undefined,
    onState: (state) => states.push(state),
  });
  const failure = { cause: new Error('refused'), isUnreachable: true, queueFailures: 1 };
  health.recordIdle();
  health.recordSuccess();
  health.recordSuccess();
  health.recordIdle();
  health.recordFailure(failure);
  health.recordFailure(failure);
  health.recordIdle();
  health.recordSuccess();
  expect(states).toEqual(['up', 'idle', 'down', 'up']);
});
