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

it('a fresh client is to be tried after four failures in a row, and an outage is told of then', () => {
  const outages: unknown[] = [];
  const health = new Health(() => 7, {
    onOutage: (cause) => outages.push(cause),
    onState: () => undefined,
  });
  const failure = { cause: new Error('refused'), isUnreachable: false, queueFailures: 0 };
  const fail = (times: number): boolean[] =>
    Array.from({ length: times }, () => health.recordFailure(failure));
  expect(fail(3)).toEqual([false, false, false]);
  health.recordSuccess();
  expect(fail(3)).toEqual([false, false, false]);
  expect([outages, health.state]).toEqual([[], 'up']);
  expect(fail(5)).toEqual([true, false, false, false, true]);
  expect([outages, health.state]).toEqual([[failure.cause], 'down']);
  expect(health.lastError).toEqual({ message: 'refused', at: 7 });
});

it('one is to be tried after eight failures of one partition, though others get through', () => {
  const outages: unknown[] = [];
  const health = new Health(() => 0, {
    onOutage: (cause) => outages.push(cause),
    onState: () => undefined,
  });
  const cause = new Error('refused');
  const isTold = Array.from({ length: 16 }, (_, at) => {
    health.recordSuccess();
    return health.recordFailure({ cause, isUnreachable: false, queueFailures: at + 1 });
  });
  expect(isTold.flatMap((told, at) => (told ? [at + 1] : []))).toEqual([8, 16]);
  expect([outages, health.state]).toEqual([[cause, cause], 'up']);
});
