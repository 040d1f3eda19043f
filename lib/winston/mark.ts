import { inspect } from 'node:util';
import type { CapturedSite } from '../loop-safety/call-site/call-site.ts';
import type { Context } from '../time/clock.ts';
import type { Info } from '../util/info.ts';
import type { SpanContext } from '../util/open-telemetry-api.ts';
import { isAnyError } from '../util/safely.ts';
import type { TappableLogger } from './tappable-logger.ts';

/** Facts about a record that can only be read at the log call. The record carries them to the transport. */
export interface Mark {
  /** Logged from inside the shipping of other records. */
  readonly isReentrant: boolean;
  /** Logged by a subscriber of `:record:suppressed`: reporting it there as well would never end. */
  readonly isUnreported: boolean;
  /** The call site; captured only if a transport wants it. */
  readonly site: CapturedSite | undefined;
  /** The logger it was logged to; set only if a transport wants it. */
  readonly logger: TappableLogger | undefined;
  /** The span that was active; set only if a transport wants it. */
  readonly span: SpanContext | undefined;
  /** The asynchronous context of the log call; set only if a transport wants it and the logger will deliver the record later. */
  readonly context?: Context | undefined;
}

// Shared by all copies of the package, so that each understands the other's marks. The number is the layout's
// version: change it with `Mark`.
const MARK = Symbol.for('winston-kafkajs.mark.4');

/** The mark of a re-entrant record. */
export const REENTRANT: Mark = reentrant(false);
/** The mark of a re-entrant record that is not reported. */
export const REENTRANT_UNREPORTED: Mark = reentrant(true);

function reentrant(isUnreported: boolean): Mark {
  return Object.freeze({
    isReentrant: true,
    isUnreported,
    site: undefined,
    logger: undefined,
    span: undefined,
    // For `prettyPrint`, which shows symbols.
    [inspect.custom]: () => 're-entrant',
  });
}

/** The mark that a record carries. */
export function markOf(info: Info): Mark | undefined {
  try {
    return info[MARK] as Mark | undefined;
  } catch {
    // A Proxy may throw for a field that it does not know: the log call must not fail because of that.
    return undefined;
  }
}

/** Whether a value can carry a mark. */
export function isInfo(value: unknown): value is Info {
  return (typeof value === 'object' || typeof value === 'function') && value !== null;
}

/**
 * The mark of a re-entrant record is enumerable, so that copies of the info keep it: a copy may be logged again. Any other
 * mark is not, so that code which prints (`prettyPrint`) or copies the info does not see it; the tap sets it again after
 * the formats.
 */
export function withMark(info: Info, mark: Mark | undefined): Info {
  const enumerable = mark?.isReentrant === true;
  return Object.defineProperty(info, MARK, { value: mark, enumerable, configurable: true, writable: true });
}

/** A copy without a mark. The copy is extensible even if the info is not, so it can be marked. */
export function withoutMark(info: Info): Info {
  try {
    const { [MARK]: _, ...own } = Object.getOwnPropertyDescriptors(info);
    // In newer V8s `stack` is an accessor that only works on the error itself.
    if (isAnyError(info)) own.stack = { value: info.stack, configurable: true, writable: true };
    const prototype = Object.getPrototypeOf(info);
    // `JSON.stringify` asks `Array.isArray`, which a prototype does not change: so an array is copied to an array.
    const copy = Array.isArray(info)
      ? Object.setPrototypeOf([], prototype)
      : Object.create(inherited(info, prototype));
    return Object.defineProperties(copy, own);
  } catch {
    // A Proxy or a getter threw. A re-entrant record must not stay unmarked, so return an object that inherits from
    // the info: it differs only for code that reads own properties.
    return Object.create(info, { [MARK]: { value: undefined, configurable: true, writable: true } });
  }
}

/**
 * What a copy of an info inherits. A class may have private fields or internal slots (`DOMException`, which an aborted `fetch` rejects
 * with, `Date`, `URL`). A copy lacks them, so the class's methods and accessors throw a TypeError on it; then they run on the info itself.
 */
function inherited(info: Info, prototype: object | null): object | null {
  if (prototype === null || prototype === Object.prototype || prototype === Error.prototype) return prototype;
  return new Proxy(Object.create(prototype) as object, {
    get(target, name, copy: object) {
      const value: unknown = onEither(copy, info, (self) => Reflect.get(target, name, self));
      if (typeof value !== 'function' || name === 'constructor') return value;
      return function (this: unknown, ...args: unknown[]): unknown {
        if (this !== copy) return Reflect.apply(value, this, args);
        return onEither(copy, info, (self) => Reflect.apply(value, self, args));
      };
    },
    set: (target, name, value, copy: object) =>
      onEither(copy, info, (self) => Reflect.set(target, name, value, self)),
  });
}

function onEither<Result>(copy: object, info: Info, run: (self: object) => Result): Result {
  try {
    return run(copy);
  } catch (error) {
    if (isAnyError(error) && error.name === 'TypeError') return runOnOriginal(copy, info, run);
    throw error;
  }
}

/** Runs `run` on the info, which meanwhile has the fields of its copy: formats have written to the copy (a masked message, say). */
function runOnOriginal<Result>(copy: object, info: Info, run: (self: object) => Result): Result {
  const own = Object.getOwnPropertyDescriptors(info);
  const copied = Object.getOwnPropertyDescriptors(copy) as typeof own;
  const names = Object.keys({ ...own, ...copied }).filter((name) => own[name]?.value !== copied[name]?.value);
  if (names.length > 0 && !Object.isExtensible(info)) throw new TypeError('it cannot be changed');
  try {
    putFields(info, names, copied);
    return run(info);
  } finally {
    putFields(info, names, own);
  }
}

function putFields(info: Info, names: readonly string[], fields: PropertyDescriptorMap): void {
  for (const name of names) {
    const field = fields[name];
    if (field === undefined) Reflect.deleteProperty(info, name);
    else Object.defineProperty(info, name, field);
  }
}
