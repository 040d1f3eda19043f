import { resolve } from 'node:path';
import { canBeHandled, DEFAULT_SIGNALS } from '../process/signals.ts';
import { integer, throwInvalidOption } from '../util/check-option.ts';
import { type Beside, Option } from './option-kinds.ts';

const SIGNAL_RULE =
  "the name of a signal that this system has and a process can handle, such as 'SIGTERM' (not SIGKILL, not SIGSTOP)";

// The first wait gives way to a shorter longest one, and the longest to a longer first one, where they are the defaults.
export function firstWaitOf(fallback: number): Option<number> {
  const check = (path: string, given: unknown, { maxMs }: Beside): number =>
    integer(path, given, typeof maxMs === 'number' ? Math.min(fallback, maxMs) : fallback, 1);
  return new Option(check, fallback);
}

export function lastWaitOf(fallback: number): Option<number> {
  const check = (path: string, given: unknown, { initialMs: first = 1 }: Beside): number =>
    integer(path, given, Math.max(fallback, Number(first)), Number(first));
  return new Option(check, fallback);
}

export function checkedMaxAge(path: string, given: unknown): number | undefined {
  return given === undefined ? undefined : integer(path, given, 0, 1);
}

export function checkedSignals(path: string, given: unknown): readonly NodeJS.Signals[] {
  if (given === undefined) return DEFAULT_SIGNALS;
  if (given === false) return [];
  if (!Array.isArray(given)) {
    const hint = typeof given === 'string' ? " (of a string with commas: value.split(','))" : '';
    throwInvalidOption(
      path,
      `false or a list of names of signals, such as ['SIGTERM', 'SIGINT']${hint}`,
      given,
    );
  }
  given.forEach((signal: unknown, at) => {
    if (!canBeHandled(signal)) throwInvalidOption(`${path}[${at}]`, SIGNAL_RULE, signal);
  });
  return [...new Set(given)];
}

export function checkedDirectory(path: string, given: unknown): string {
  if (typeof given !== 'string' || given === '') throwInvalidOption(path, 'the path of a directory', given);
  return resolve(given);
}
