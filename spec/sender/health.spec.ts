import { expect, it } from 'vitest';
import { Health, type HealthState } from '../../lib/sender/health.ts';

it('each change of the state is told, once', () => {
  const states: HealthState[] = [];
  const health = new Health(() => 0, {
    onOutage: () => undefined,
    onState: (state) => states.push(state),
  });
  const failure = { cause: new Error('refused'), isUnreachable: true, laneFailures: 1 };
  health.noteIdle();
  health.noteSuccess();
  health.noteSuccess();
  health.noteIdle();
  health.noteFailure(failure);
  health.noteFailure(failure);
  health.noteIdle();
  health.noteSuccess();
  expect(states).toEqual(['up', 'idle', 'down', 'up']);
});
