import { type CapturedSite, captureSite } from './call-site.ts';
import { isGuarded } from './guard.ts';

/** What is learnt about a record at the log call, and travels on the record to `log()`. */
export interface Mark {
  /** Logged from inside the shipping of other records. */
  readonly isReentrant: boolean;
  /** Where it was logged; captured only if somebody asks. */
  readonly site: CapturedSite | undefined;
  /** The logger it was logged to; noted only if somebody asks. */
  readonly logger: TappableLogger | undefined;
}

/** An info as winston passes it on. */
export type Info = Record<string | symbol, unknown>;

/** What the tap needs of a winston logger. */
export interface TappableLogger {
  readonly level?: string;
  readonly levels?: Readonly<Record<string, number>>;
  write(info: unknown, encoding?: unknown, callback?: unknown): unknown;
  _transform(info: unknown, encoding: unknown, callback: unknown): unknown;
  push(info: unknown, encoding?: unknown): unknown;
}

/** A transport that listens in. */
export interface TapUser {
  /** Whether it wants to know where this record was logged. */
  wantsSite(info: Info, logger: TappableLogger): boolean;
  /** Whether it has to tell its loggers apart. */
  wantsLogger(): boolean;
}

// Shared by all copies of the package, so that each understands the other's marks. The number is the layout's
// version: change it with `Mark`.
const MARK = Symbol.for('winston-kafkajs.mark.1');

const REENTRANT: Mark = Object.freeze({ isReentrant: true, site: undefined, logger: undefined });

/** The mark that a record carries. */
export function markOf(info: Info): Mark | undefined {
  return info[MARK] as Mark | undefined;
}

/** Whether a stream that pipes into a transport is a logger that can be listened in on. */
export function isTappable(source: unknown): source is TappableLogger {
  const candidate = source as Partial<TappableLogger> | null | undefined;
  return (
    typeof candidate?.write === 'function' &&
    typeof candidate._transform === 'function' &&
    typeof candidate.push === 'function' &&
    typeof candidate.levels === 'object'
  );
}

const taps = new WeakMap<TappableLogger, LoggerTap>();

/** Has every record of the logger marked at its log call, for as long as somebody wants it. */
export function tap(logger: TappableLogger, user: TapUser): void {
  let existing = taps.get(logger);
  if (existing === undefined) {
    existing = new LoggerTap(logger);
    taps.set(logger, existing);
  }
  existing.users.add(user);
}

/** The opposite of {@link tap}. With its last user the tap leaves the logger as it was. */
export function untap(logger: TappableLogger, user: TapUser): void {
  const existing = taps.get(logger);
  if (existing === undefined) return;
  existing.users.delete(user);
  if (existing.users.size > 0) return;
  taps.delete(logger);
  existing.remove();
}

/**
 * Wraps a logger's `write`, through which every log call goes, those of its children included. Not `log()` of the
 * transport: as soon as any transport of the logger pushes back, winston delivers from its own buffer, in another
 * turn of the event loop and in another's context. Whatever is asked then errs in both directions.
 */
class LoggerTap {
  readonly users = new Set<TapUser>();
  readonly #restore: (() => void)[] = [];
  /** The mark of the record that is being formatted. */
  #formatting: Mark | undefined;

  constructor(logger: TappableLogger) {
    this.#override(logger, 'write', (original) => {
      const write: TappableLogger['write'] = (info, encoding, callback) => {
        let marked = info;
        try {
          marked = this.#marked(info, logger, write);
        } catch {
          // An info with traps of its own (a Proxy, a throwing getter): logging it must not become our failure.
        }
        return original.call(logger, marked, encoding, callback);
      };
      return write;
    });
    // A format may build a new info and leave the mark behind: what comes out of it gets the mark again. winston's
    // `_transform` runs the formats and pushes their result, synchronously.
    this.#override(logger, '_transform', (original) => (info, encoding, callback) => {
      const before = this.#formatting;
      this.#formatting = isObject(info) ? markOf(info) : undefined;
      try {
        return original.call(logger, info, encoding, callback);
      } finally {
        this.#formatting = before;
      }
    });
    this.#override(logger, 'push', (original) => (info, encoding) => {
      const mark = this.#formatting;
      const isLeftBehind = mark !== undefined && isObject(info) && markOf(info) === undefined;
      return original.call(logger, isLeftBehind ? withMark(info, mark) : info, encoding);
    });
  }

  remove(): void {
    for (const restore of this.#restore) restore();
  }

  #marked(info: unknown, logger: TappableLogger, wrapper: TappableLogger['write']): unknown {
    // Without users, the tap is only still here because somebody else has wrapped it in turn.
    if (!isObject(info) || this.users.size === 0) return info;
    // Marked already: a re-entrant record that is passed on, from one logger to another, stays one.
    if (isGuarded()) return markOf(info)?.isReentrant === true ? info : withMark(copyOf(info), REENTRANT);
    if (markOf(info)?.isReentrant === true) return info;
    let site: CapturedSite | undefined;
    let source: TappableLogger | undefined;
    for (const user of this.users) {
      if (site === undefined && user.wantsSite(info, logger)) site = captureSite(wrapper);
      if (source === undefined && user.wantsLogger()) source = logger;
    }
    if (site === undefined && source === undefined) return info;
    // The same object may be logged twice, from two places, before the first is delivered.
    const target = markOf(info) === undefined ? info : copyOf(info);
    return withMark(target, { isReentrant: false, site, logger: source });
  }

  #override<Name extends 'write' | '_transform' | 'push'>(
    logger: TappableLogger,
    name: Name,
    wrap: (original: TappableLogger[Name]) => TappableLogger[Name],
  ): void {
    const own = Object.getOwnPropertyDescriptor(logger, name);
    const value = wrap(logger[name]);
    Object.defineProperty(logger, name, { value, configurable: true, writable: true });
    this.#restore.push(() => {
      // Wrapped by somebody else since: taking ours out would take theirs out too.
      if (logger[name] !== value) return;
      if (own === undefined) Reflect.deleteProperty(logger, name);
      else Object.defineProperty(logger, name, own);
    });
  }
}

function isObject(value: unknown): value is Info {
  return typeof value === 'object' && value !== null;
}

function withMark(info: Info, mark: Mark): Info {
  const target = Object.isExtensible(info) ? info : copyOf(info);
  target[MARK] = mark;
  return target;
}

/**
 * A copy to put a mark on. The info may be the application's own object (`logger.error(err)`), which it may log
 * again from elsewhere: a mark left on it would keep an innocent record out.
 */
function copyOf(info: Info): Info {
  const { [MARK]: _, ...own } = Object.getOwnPropertyDescriptors(info);
  const copy: Info = Object.create(Object.getPrototypeOf(info), own);
  // In newer V8s `stack` is an accessor that only works on the error itself.
  if (info instanceof Error)
    Object.defineProperty(copy, 'stack', { value: info.stack, configurable: true, writable: true });
  return copy;
}
