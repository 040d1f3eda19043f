import { stringify } from 'safe-stable-stringify';
import { type Info, MESSAGE } from '../../util/info.ts';
import { readSafely } from '../../util/read-safely.ts';

// Deeper than anybody reads. `json()` itself fails some thousand levels down, where the stack ends.
export const MAX_DEPTH = 100;

/**
 * What the format has written; failing that (a format such as `timestamp()` alone, or `log(info)` called by hand), the info as
 * JSON, or its message.
 *
 * @throws for what has no text at all
 */
export function textOf(info: Info): string {
  const formatted = info[MESSAGE];
  if (typeof formatted === 'string') return formatted;
  const json = jsonOf(info);
  if (json !== undefined) return json;
  if (info.message === undefined) throw new TypeError('it has no message, and cannot be written as JSON');
  return String(info.message);
}

/**
 * An info as winston's `json()` writes it (logform/json.js): with keys in order, a BigInt as a string of its digits, and
 * `"[Circular]"` for a circle. Where that fails, because a getter, a `toJSON` or a Proxy throws, or because it is too
 * deep, only the field at fault is not written: in its place stands `"[Unreadable: …]"` with the reason.
 *
 * @returns nothing for what has no field that could be written
 */
export function jsonOf(info: Info): string | undefined {
  try {
    return strictJsonOf(info);
  } catch {
    const copy = copyOfFields(info, [info]);
    return Object.keys(copy).length === 0 ? undefined : stringify(copy, bigintAsString);
  }
}

/** The same, and throws what a getter or a `toJSON` throws. */
export function strictJsonOf(info: Info): string | undefined {
  return stringify(info, bigintAsString);
}

/** As in logform/json.js: as a number it would lose digits when it is read again. */
function bigintAsString(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

/** A copy that can be written whatever the value does. @param above the objects that it is inside of */
function copyOf(name: string, value: unknown, above: readonly object[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const read = readSafely(() => throughToJSON(name, value));
  if ('threw' in read) return read.threw;
  const plain: unknown = read.value;
  if (typeof plain !== 'object' || plain === null) return plain;
  if (above.includes(plain)) return '[Circular]';
  const isList = readSafely(() => Array.isArray(plain));
  if ('threw' in isList) return isList.threw;
  if (above.length >= MAX_DEPTH) return isList.value === true ? '[Array]' : '[Object]';
  const inside = [...above, plain];
  if (isList.value !== true) return copyOfFields(plain, inside);
  const list = readSafely(() => Array.from({ length: (plain as unknown[]).length }, (_, at) => String(at)));
  if ('threw' in list) return list.threw;
  return (list.value as string[]).map((at) => copyOfField(plain, at, inside));
}

/** What JSON takes in place of an object: what its `toJSON` returns, where it has one. @throws what that throws */
export function throughToJSON(name: string, value: object): unknown {
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === 'function' ? Reflect.apply(toJSON, value, [name]) : value;
}

/** Without a prototype: a field may be called `__proto__`. */
function copyOfFields(source: object, inside: readonly object[]): Record<string, unknown> {
  const copy: Record<string, unknown> = Object.create(null);
  const names = readSafely(() => Object.keys(source));
  if ('threw' in names) return copy;
  for (const name of names.value as string[]) {
    const value = copyOfField(source, name, inside);
    // What JSON has no word for is left out; a function by the name of `toJSON` would even be called.
    if (typeof value !== 'function') copy[name] = value;
  }
  return copy;
}

function copyOfField(source: object, name: string, inside: readonly object[]): unknown {
  const read = readSafely(() => (source as Record<string, unknown>)[name]);
  return 'threw' in read ? read.threw : copyOf(name, read.value, inside);
}
