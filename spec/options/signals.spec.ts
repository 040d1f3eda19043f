import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../lib/options/resolve.ts';
import { ENOUGH, refused } from './refused.ts';

describe('signals', () => {
  it.each(['SIGKILL', 'SIGSTOP', 'sigterm', 'TERM', 'SIGNONE', 'toString', 15, null])(
    'must not have %s in it: the error says which one',
    (signal) => {
      const { option, message } = refused({ ...ENOUGH, signals: ['SIGTERM', signal] });
      expect(option).toBe('signals[1]');
      expect(message).toContain('the name of a signal that this system has and a process can handle');
    },
  );

  it.each([
    [undefined, ['SIGTERM', 'SIGINT', 'SIGHUP']],
    [false, []],
    [[], []],
    [['SIGUSR2', 'SIGUSR2'], ['SIGUSR2']],
  ])('%o means %o', (given, signals) => {
    expect(resolveOptions({ ...ENOUGH, signals: given }).signals).toEqual(signals);
  });
});
