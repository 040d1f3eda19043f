import { parseArgs } from 'node:util';
import { messageOf } from '../errors.ts';
import { nearestOf } from '../util/check-option.ts';
import { UsageError } from './usage-error.ts';

const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean' } as const;

const ALL = { help: FLAG, brokers: TEXT, config: TEXT, ssl: FLAG } as const;

const OPTIONS = {
  check: { ...ALL, topic: TEXT, json: FLAG, timeout: TEXT, 'no-record': FLAG },
  tail: { ...ALL, topic: TEXT, level: TEXT, grep: TEXT, since: TEXT, until: TEXT, follow: FLAG },
  spool: { ...ALL, print: FLAG, replay: FLAG, json: FLAG, timeout: TEXT },
} as const;

export type CommandName = keyof typeof OPTIONS;

export interface CommandLine {
  readonly texts: Readonly<Record<string, string | undefined>>;
  readonly flags: Readonly<Record<string, boolean | undefined>>;
  readonly positionals: readonly string[];
}

export const isCommand = (name: string | undefined): name is CommandName =>
  name !== undefined && Object.hasOwn(OPTIONS, name);

/** @throws UsageError */
export function commandLine(command: CommandName, args: readonly string[]): CommandLine {
  refusePassword(args);
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: OPTIONS[command],
      allowPositionals: command === 'spool',
    });
    const ofType = (type: string): Record<string, never> =>
      Object.fromEntries(
        Object.entries(values).filter((entry): entry is [string, never] => typeof entry[1] === type),
      );
    return { texts: ofType('string'), flags: ofType('boolean'), positionals };
  } catch (error) {
    const message = messageOf(error);
    const unknown = /^Unknown option '--?([\w-]+)'/.exec(message)?.[1];
    const hint = unknown === undefined ? '' : meant(unknown, Object.keys(OPTIONS[command]), '--');
    throw new UsageError(message + hint);
  }
}

/** The nearest of the names that there are, as a sentence. */
export function meant(given: string, names: readonly string[], prefix: string = ''): string {
  const nearest = nearestOf(given, names);
  return nearest === undefined ? '' : ` Did you mean ${prefix}${nearest}?`;
}

function refusePassword(args: readonly string[]): void {
  if (!args.some((arg) => /^--?(sasl-?)?(password|passwd|pass|token|secret)(=|$)/i.test(arg))) return;
  throw new UsageError(
    'A password is not taken from the command line: other users of this machine can see it there, and it stays in the history of the shell. Set KAFKA_SASL_PASSWORD, or give a --config module.',
  );
}

/** @throws UsageError */
export function needed(line: CommandLine, name: string): string {
  const value = line.texts[name];
  if (value === undefined || value === '') throw new UsageError(`--${name} is missing.`);
  return value;
}

/** @throws UsageError */
export function milliseconds(line: CommandLine, name: string, byDefault: number): number {
  const text = line.texts[name];
  if (text === undefined) return byDefault;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 2_147_483_647)
    throw new UsageError(`--${name} must be a whole number of milliseconds from 1 to 2147483647.`);
  return value;
}
