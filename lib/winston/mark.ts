import { inspect } from 'node:util';
import type { CapturedSite } from '../loop-safety/call-site/call-site.ts';
import type { Context } from '../time/clock.ts';
import type { Info } from '../util/info.ts';
import type { SpanContext } from '../util/open-telemetry-api.ts';
import { isAnyError } from '../util/safely.ts';
import type { TappableLogger } from './tappable-logger.ts';

/** What is learnt about a record at the log call, and travels on the record to `log()`. */
export interface Mark {
  /** Logged from inside the shipping of other records. */
  readonly isReentrant: boolean;
  /** Logged by somebody who was being told of a suppressed record: so of this one nobody is told. */
  readonly isUnreported: boolean;
  /** Where it was logged; captured only if somebody asks. */
  readonly site: CapturedSite | undefined;
  /** The logger it was logged to; noted only if somebody asks. */
  readonly logger: TappableLogger | undefined;
  /** The span that was active; noted only if somebody asks. */
  readonly span: SpanContext | undefined;
  /** The asynchronous context of the log call; noted only if somebody asks, and the logger will not hand the record over in it. */
  readonly context?: Context | undefined;
}

// Shared by all copies of the package, so that each understands the other's marks. The number is the layout's
// version: change it with `Mark`.
const MARK = Symbol.for('winston-kafkajs.mark.4');

/** Of a re-entrant record. */
export const REENTRANT: Mark = reentrant(false);
/** The same, of which nobody is told. */
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
    // A Proxy that throws for what it does not know: that it was logged must not become our failure.
    return undefined;
  }
}

/** Whether it can carry a mark. */
export function isInfo(value: unknown): value is Info {
  return (typeof value === 'object' || typeof value === 'function') && value !== null;
}

/**
 * A mark that only tells where a record comes from is hidden from those who print the info (`prettyPrint`), and from
 * those who copy it: after the formats it is put on again. A re-entrant record keeps its mark wherever it is copied to:
 * it might be logged anew from there.
 */
export function withMark(info: Info, mark: Mark | undefined): Info {
  const enumerable = mark?.isReentrant === true;
  return Object.defineProperty(info, MARK, { value: mark, enumerable, configurable: true, writable: true });
}

/** A copy without a mark, to put one on; extensible, whatever the info is. */
export function withoutMark(info: Info): Info {
  try {
    const { [MARK]: _, ...own } = Object.getOwnPropertyDescriptors(info);
    // In newer V8s `stack` is an accessor that only works on the error itself.
    if (isAnyError(info)) own.stack = { value: info.stack, configurable: true, writable: true };
    const prototype = Object.getPrototypeOf(info);
    // JSON asks for no prototype, but whether it is an array.
    const copy = Array.isArray(info)
      ? Object.setPrototypeOf([], prototype)
      : Object.create(inherited(info, prototype));
    return Object.defineProperties(copy, own);
  } catch {
    // A Proxy, or a getter, that throws. Unmarked, a re-entrant record would be shipped: so something that looks
    // the same as long as nobody asks what it has of its own.
    return Object.create(info, { [MARK]: { value: undefined, configurable: true, writable: true } });
  }
}

/**
 * What a copy of an info inherits. A class may have private fields, or internal slots (a `DOMException`, which an aborted `fetch` fails
 * with, a `Date`, a `URL`), which no copy has: its getters, setters and methods throw a TypeError for one. They run on the info itself then.
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

/** Runs on an info, which has the fields of its copy meanwhile: formats have written to those, a masked message for example. */
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
