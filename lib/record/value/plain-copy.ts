import { types } from 'node:util';
import type { Info } from '../../util/info.ts';
import { isAnyError, isObject } from '../../util/safely.ts';
import { MAX_DEPTH, throughToJSON } from './info-text.ts';

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
  const copying = new Copying();
  const fields = copying.copyOf('', info);
  if (!isObject(fields)) throw new TypeError('it has no fields, so nothing can be redacted in it');
  const { withoutFields } = copying;
  return {
    fields,
    restored: (redacted) =>
      withoutFields.size === 0 ? redacted : (restored(redacted, withoutFields) as object),
  };
}

/** One copy of each object, however often it is referred to. */
class Copying {
  /** Values that have no fields, by the function that stands for them. */
  readonly withoutFields: Map<unknown, object> = new Map();
  readonly #copies = new Map<object, unknown>();
  readonly #above = new Set<object>();

  copyOf(name: string, given: unknown): unknown {
    if (!isObject(given)) return given;
    if (this.#copies.has(given)) return this.#copies.get(given);
    if (this.#above.has(given)) return '[Circular]';
    if (hasNoFields(given)) return this.#standIn(given);
    if (this.#above.size >= MAX_DEPTH) return Array.isArray(given) ? '[Array]' : '[Object]';
    this.#above.add(given);
    const copy = isAnyError(given) ? this.#error(name, given) : this.#asJson(name, given);
    this.#above.delete(given);
    this.#copies.set(given, copy);
    return copy;
  }

  #asJson(name: string, given: object): unknown {
    const json = throughToJSON(name, given);
    if (!isObject(json)) return json;
    if (hasNoFields(json)) return this.#standIn(json);
    if (Array.isArray(json)) return Array.from(json, (one, at) => this.copyOf(String(at), one));
    return Object.fromEntries(this.#fieldsOf(json));
  }

  #error(name: string, given: Error): object {
    const own = OF_AN_ERROR.filter((at) => at in given).map((at): [string, unknown] => [
      at,
      this.copyOf(at, Reflect.get(given, at)),
    ]);
    const json = throughToJSON(name, given);
    const fields = isObject(json) ? this.#fieldsOf(json) : [];
    return Object.assign(Object.create(Error.prototype), Object.fromEntries([...own, ...fields]));
  }

  #fieldsOf(source: object): [string, unknown][] {
    return Object.entries(source).map(([name, value]) => [name, this.copyOf(name, value)]);
  }

  #standIn(value: object): () => unknown {
    const fn = (): unknown => value;
    this.withoutFields.set(fn, value);
    return fn;
  }
}

function hasNoFields(value: object): boolean {
  return ArrayBuffer.isView(value) || HAVE_NO_FIELDS.some((is) => is(value));
}

const HAVE_NO_FIELDS: readonly ((value: object) => boolean)[] = [
  types.isDate,
  types.isMap,
  types.isSet,
  types.isRegExp,
  types.isAnyArrayBuffer,
  types.isPromise,
  types.isBoxedPrimitive,
];

/** In place: it is a copy. */
function restored(value: unknown, withoutFields: ReadonlyMap<unknown, object>): unknown {
  if (withoutFields.has(value)) return withoutFields.get(value);
  if (isObject(value))
    for (const [name, one] of Object.entries(value)) value[name] = restored(one, withoutFields);
  return value;
}
