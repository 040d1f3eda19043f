import { types } from 'node:util';

/** What `fn` returns; `undefined` where it throws. @param onError gets what it throws */
export function attempt<Value>(fn: () => Value, onError?: (error: unknown) => void): Value | undefined {
  try {
    return fn();
  } catch (error) {
    onError?.(error);
    return undefined;
  }
}

/** Whether something has fields: an array has, too, a function counts as none. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Also one of another realm: under Jest those of Node's core are. */
export function isAnyError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

/** A field of something that may be hostile, a function too: a getter that throws is a field that is not there. */
export function fieldOf(source: unknown, key: string | symbol): unknown {
  return attempt(() => (hasFields(source) ? source[key] : undefined));
}

/** The names of its own fields; none, where they cannot be read. */
export function namesIn(source: unknown): string[] {
  return attempt(() => (hasFields(source) ? Object.keys(source) : [])) ?? [];
}

function hasFields(value: unknown): value is Record<string | symbol, unknown> {
  return isObject(value) || typeof value === 'function';
}

/** The object that a text has in JSON; nothing where it is no such text. */
export function jsonObjectOf(text: string): Record<string, unknown> | undefined {
  const parsed: unknown = text.startsWith('{') ? attempt(() => JSON.parse(text)) : undefined;
  return isObject(parsed) ? parsed : undefined;
}
