import { types } from 'node:util';
import type { Info } from '../util/info.ts';
import { isAnyError } from '../util/safely.ts';

// Deeper than anybody reads.
const MAX_DEPTH = 100;

// What an error has beside its own enumerable fields.
const OF_AN_ERROR = ['name', 'message', 'stack', 'cause', 'errors'];

/** A copy of an info, and what stands in it for values that have no fields. */
export interface PlainCopy {
  readonly fields: object;
  /** With these values again, in place of the functions that stand for them. */
  restored(fields: object): object;
}

/**
 * A copy of an info with no object of the application's in it that has fields: lists, and objects with the fields that JSON would have, so
 * also what a `toJSON` returns. An error stays one, with its message and its stack. In place of a value without fields (a Buffer, a Map)
 * stands a function, which nobody takes apart.
 *
 * @throws where a getter or a `toJSON` throws
 */
export function plainCopyOf(info: Info): PlainCopy {
  const whole = new Map<() => unknown, unknown>();
  const standIn = (value: object): (() => unknown) => {
    const fn = (): unknown => value;
    whole.set(fn, value);
    return fn;
  };
  const fields: unknown = copyOf('', info, [], standIn);
  if (typeof fields !== 'object' || fields === null)
    throw new TypeError('it has no fields, so nothing can be redacted in it');
  return {
    fields,
    restored: (redacted) => (whole.size === 0 ? redacted : (restored(redacted, whole) as object)),
  };
}

function copyOf(
  name: string,
  given: unknown,
  above: readonly object[],
  standIn: (value: object) => unknown,
): unknown {
  if (typeof given !== 'object' || given === null) return given;
  if (hasNoFields(given)) return standIn(given);
  const value: unknown = isAnyError(given) ? given : asJson(name, given);
  if (typeof value !== 'object' || value === null) return value;
  if (above.includes(value)) return '[Circular]';
  if (above.length >= MAX_DEPTH) return Array.isArray(value) ? '[Array]' : '[Object]';
  const inside = [...above, value];
  const copied = (at: string, one: unknown): unknown => copyOf(at, one, inside, standIn);
  if (Array.isArray(value)) return Array.from(value, (one, at) => copied(String(at), one));
  const fields = Object.entries(value).map(([at, one]): [string, unknown] => [at, copied(at, one)]);
  if (!isAnyError(value)) return Object.fromEntries(fields);
  const own = OF_AN_ERROR.filter((at) => at in value).map((at): [string, unknown] => [
    at,
    copied(at, Reflect.get(value, at)),
  ]);
  return Object.assign(Object.create(Error.prototype), Object.fromEntries([...own, ...fields]));
}

function hasNoFields(value: object): boolean {
  return ArrayBuffer.isView(value) || types.isBoxedPrimitive(value) || IS_WHOLE.some((is) => is(value));
}

const IS_WHOLE: readonly ((value: object) => boolean)[] = [
  types.isDate,
  types.isMap,
  types.isSet,
  types.isRegExp,
  types.isAnyArrayBuffer,
  types.isPromise,
];

function asJson(name: string, value: object): unknown {
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === 'function' ? Reflect.apply(toJSON, value, [name]) : value;
}

/** In place: it is a copy. */
function restored(value: unknown, whole: ReadonlyMap<unknown, unknown>): unknown {
  if (whole.has(value)) return whole.get(value);
  if (typeof value !== 'object' || value === null) return value;
  for (const [name, one] of Object.entries(value)) Reflect.set(value, name, restored(one, whole));
  return value;
}
