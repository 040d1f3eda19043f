import { inspect } from 'node:util';
import { KafkaTransportError } from '../errors.ts';
import { MAX_DELAY_MS } from '../time/clock.ts';
import { attempt, isObject } from './safely.ts';
import { isSecretName } from './secret-names.ts';
import { throwError } from './throw-error.ts';

/** Throws the error for a bad option: it names the option, what was expected and what was given. */
export function throwInvalidOption(option: string, expected: string, given: unknown): never {
  refuseInWords(option, expected, describe(option, given));
}

/** {@link throwInvalidOption} for who can say better what was given, and shows no secret in it. */
export function refuseInWords(option: string, expected: string, given: string): never {
  throwError(
    new KafkaTransportError(
      'ERR_INVALID_OPTION',
      `winston-kafkajs: option "${option}" must be ${expected}; given was ${given}.`,
      { option },
    ),
  );
}

// What is below these may be a password or a token, or have one in it (a URL, say), so only its type is shown.
const MAY_HAVE_SECRETS = /^(options|kafka|producer|headers)\b/;

/** Never shows what is inside an object, for the same reason. */
function describe(option: string, given: unknown): string {
  if (given === undefined || given === null) return String(given);
  if (Array.isArray(given)) return given.length === 0 ? 'an empty array' : 'an array';
  if (typeof given === 'object') return attempt(() => instance(given)) ?? 'an object';
  if (typeof given === 'function') return 'a function';
  if (MAY_HAVE_SECRETS.test(option) || isSecretName(option)) return `of type ${typeof given}`;
  return `${inspect(given).slice(0, 80)} (${typeof given})`;
}

/** An object that is none, where one is wanted, would be a riddle: settings may be kept in a class. */
function instance(given: object): string | undefined {
  if (isPlainObject(given)) return undefined;
  return `an instance of ${given.constructor.name || 'a class'}`;
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Whether a value has methods of these names: how anything that stands for another is told. */
export function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  const methods = value as Record<string, unknown> | null | undefined;
  return names.every((name) => typeof methods?.[name] === 'function');
}

/** An option that is a group of options; absent is an empty one. Unknown names in it are refused. */
export function group<Name extends string>(
  path: string,
  value: unknown,
  names: readonly Name[],
): Partial<Record<Name, unknown>> {
  if (value === undefined) return {};
  if (!isPlainObject(value)) throwInvalidOption(path, `an object with ${names.join(', ')}`, value);
  throwIfUnknown(value, names, path);
  return value as Partial<Record<Name, unknown>>;
}

/**
 * Refuses names that are not known, with the nearest one that is. A value of `undefined` counts as absent.
 *
 * @param elsewhere names that might be meant too, as paths
 * @param meantBy what to write instead of a name, where that can be told better than by the nearest
 */
export function throwIfUnknown(
  value: object,
  names: readonly string[],
  path?: string,
  elsewhere: readonly string[] = [],
  meantBy: (name: string) => string | undefined = () => undefined,
): void {
  const within = (name: string): string => (path === undefined ? name : `${path}.${name}`);
  for (const name of Object.keys(value)) {
    if (names.includes(name) || (value as Record<string, unknown>)[name] === undefined) continue;
    const option = within(name);
    const nearest = nearestOf(name, [...names.map(within), ...elsewhere]);
    const known = `Known are: ${names.join(', ')}.`;
    const hint = meantBy(name) ?? (nearest === undefined ? known : `Did you mean "${nearest}"?`);
    const message = `winston-kafkajs: unknown option "${option}". ${hint}`;
    throwError(new KafkaTransportError('ERR_INVALID_OPTION', message, { option }));
  }
}

export function integer(
  path: string,
  value: unknown,
  fallback: number,
  least: number,
  most: number = MAX_DELAY_MS,
): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throwInvalidOption(path, `an integer from ${least} to ${most}${stringHint(value)}`, value);
  }
  return value;
}

/** What to write where a number, or a choice, is an environment variable as it stands. */
export function stringHint(value: unknown): string {
  if (value === '') return ' (of a variable that may be empty: value || undefined)';
  return typeof value === 'string' && /^\s*-?[\d.]+\s*$/.test(value)
    ? ' (Number() makes one of a string)'
    : '';
}

export function flag(path: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== 'boolean') {
    // Of a string from the environment, 'false' would count as true.
    const hint = typeof value === 'string' ? " (compare a string: value === 'true')" : '';
    throwInvalidOption(path, `true or false${hint}`, value);
  }
  return value;
}

export function optionalFunction(path: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') throwInvalidOption(path, 'a function', value);
}

export function oneOf<Value>(path: string, value: unknown, values: readonly Value[], fallback: Value): Value {
  if (value === undefined) return fallback;
  if (!values.includes(value as Value)) {
    throwInvalidOption(path, `${values.map((v) => inspect(v)).join(' or ')}${stringHint(value)}`, value);
  }
  return value as Value;
}

/** The known path whose last name a misspelt one is closest to, when it is close enough to be meant. */
export function nearestOf(name: string, paths: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  const ranked = paths
    .map((path) => {
      const last = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
      const longest = Math.max(wanted.length, last.length);
      return { path, distance: editDistance(wanted, last), most: Math.max(2, Math.floor(longest / 2)) };
    })
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= best.most ? best.path : undefined;
}

/** Levenshtein's: how many letters to insert, delete or replace. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
