import { expect, it, onTestFinished } from 'vitest';
import { muteNegativeTimers } from '../../lib/worker-thread/timer-warning.ts';

it('keeps back the warning of a timer with a negative delay, and hands on every other as it came', () => {
  const { emitWarning } = process;
  onTestFinished(() => void Object.assign(process, { emitWarning }));
  const emitted: unknown[][] = [];
  Object.assign(process, {
    emitWarning(this: unknown, ...args: unknown[]): void {
      emitted.push([this === process, ...args]);
    },
  });
  muteNegativeTimers();
  // As Node emits it (lib/internal/timers.js).
  process.emitWarning('-1 is a negative number.', 'TimeoutNegativeWarning');
  process.emitWarning('TimeoutNegativeWarning', 'DeprecationWarning', 'DEP0001');
  process.emitWarning('a text');
  expect(emitted).toEqual([
    [true, 'TimeoutNegativeWarning', 'DeprecationWarning', 'DEP0001'],
    [true, 'a text'],
  ]);
});
