import {
  beginCapture,
  type CapturedSite,
  captured,
  captureStackTrace,
  endCapture,
} from '../loop-safety/call-site/call-site.ts';
import { guardSyncInScope, isGuarded, isUnreported } from '../loop-safety/guard.ts';
import { Context } from '../time/clock.ts';
import type { Info } from '../util/info.ts';
import type { SpanContext } from '../util/open-telemetry-api.ts';
import { isInfo, type Mark, markOf, REENTRANT, REENTRANT_UNREPORTED, withMark, withoutMark } from './mark.ts';
import { putOwnMethod } from './own-method.ts';
import { holdsBack, rootOf, type TappableLogger } from './tappable-logger.ts';

/** A transport that listens in. */
export interface TapUser {
  /** Whether it wants to know where this record was logged. */
  wantsSite(info: Info, logger: TappableLogger): boolean;
  /** Whether it has to tell its loggers apart. */
  wantsLogger(): boolean;
  /** The span that is active now, where it wants to know that. */
  spanOf?(info: Info, logger: TappableLogger): SpanContext | undefined;
  /** Whether it calls functions of the application, which may look at the context that they run in. */
  wantsContext?(): boolean;
  /** The logger has taken a record that it will hand over later: a sibling pushes back. */
  onHeldBack?(info: Info, logger: TappableLogger): void;
  /** The logger is about to let go of a transport, or of all of them: of `undefined`. */
  onUnpipe?(target: unknown, logger: TappableLogger): void;
}

// One tap for a logger, whichever copy of the package has put it there: two, one upon the other, would not find out
// of each other's way again. The number is the version of `LoggerTap` and `TapUser`.
const TAPS = Symbol.for('winston-kafkajs.taps.5');

const registry = globalThis as { [TAPS]?: WeakMap<TappableLogger, LoggerTap> };
if (registry[TAPS] === undefined) registry[TAPS] = new WeakMap();
const taps: WeakMap<TappableLogger, LoggerTap> = registry[TAPS];

/** Has the logger's records looked at in the log call, and marked where there is something to note, until nobody wants it. */
export function tap(logger: TappableLogger, user: TapUser): void {
  const root = rootOf(logger);
  let existing = taps.get(root);
  if (existing === undefined) {
    existing = new LoggerTap(root);
    taps.set(root, existing);
  }
  existing.users.add(user);
}

/** The opposite of {@link tap}. With its last user the tap leaves the logger as it was. */
export function untap(logger: TappableLogger, user: TapUser): void {
  const root = rootOf(logger);
  const existing = taps.get(root);
  if (existing === undefined) return;
  existing.users.delete(user);
  if (existing.users.size > 0) return;
  taps.delete(root);
  existing.remove();
}

type Write = TappableLogger['write'];

/**
 * Wraps a logger's `write`, through which every log call goes, those of its children included. Not `log()` of the
 * transport: as soon as any transport of the logger pushes back, winston delivers from its own buffer, in another
 * turn of the event loop and in another's context. Whatever is asked then errs in both directions.
 */
class LoggerTap {
  readonly users = new Set<TapUser>();
  readonly #logger: TappableLogger;
  readonly #restore: (() => void)[] = [];
  /** What each of our wrappers of `write` goes by to take itself off again. */
  readonly #wrappers = new Map<Write, () => void>();
  /** The outermost of them: the one that marks. */
  #write: Write | undefined;
  /** Whether a record is being formatted, and its mark. */
  #isFormatting = false;
  #mark: Mark | undefined;

  constructor(logger: TappableLogger) {
    this.#logger = logger;
    this.#wrapWrite();
    const self = this;
    // A format may build a new info and leave the mark behind: what comes out of it gets the mark again. winston's
    // `_transform` runs the formats and pushes their result, synchronously.
    this.#restore.push(
      override(logger, '_transform', (original) => {
        return function transform(this: TappableLogger, info, encoding, callback): unknown {
          self.#keepWrapped();
          const wasFormatting = self.#isFormatting;
          const before = self.#mark;
          self.#isFormatting = true;
          self.#mark = isInfo(info) ? markOf(info) : undefined;
          try {
            return original().call(this, info, encoding, callback);
          } finally {
            self.#isFormatting = wasFormatting;
            self.#mark = before;
          }
        };
      }),
      override(logger, 'push', (original) => {
        return function push(this: TappableLogger, info, encoding): unknown {
          if (!self.#isFormatting || !isInfo(info)) return original().call(this, info, encoding);
          const mark = self.#mark;
          // A copy: a format may return one and the same object again and again, an earlier record's mark included.
          const marked = markOf(info) === mark ? info : withMark(withoutMark(info), mark);
          if (mark?.isReentrant !== true) return original().call(this, marked, encoding);
          // Under the flag: a sibling that hands on what it gets, as a new record of another logger, would
          // otherwise have it shipped after all.
          return guardSyncInScope(() => original().call(this, marked, encoding));
        };
      }),
      // Not the event of that name: when a logger lets go of all, `clear()`, none is on it any more when they hear of it
      // (readable-stream 3, lib/_stream_readable.js: `state.pipes = null`).
      override(logger, 'unpipe', (original) => {
        return function unpipe(this: TappableLogger, target): unknown {
          for (const user of self.users) user.onUnpipe?.(target, self.#logger);
          return original().call(this, target);
        };
      }),
    );
  }

  remove(): void {
    for (const restore of this.#restore) restore();
    if (this.#write !== undefined) this.#wrappers.get(this.#write)?.();
    this.#write = undefined;
  }

  /**
   * Others wrap `write` too, and put back what they had found: with it our wrapper may be gone, and nobody would
   * notice. So it is looked after with every record.
   */
  #keepWrapped(): void {
    const { write } = this.#logger;
    if (write === this.#write || this.#write === undefined) return;
    if (this.#wrappers.has(write)) this.#write = write;
    else this.#wrapWrite();
  }

  #wrapWrite(): void {
    const self = this;
    const restore = override(this.#logger, 'write', (original) => {
      return function write(this: TappableLogger, info, encoding, callback): unknown {
        let marked = info;
        // Otherwise there is one of ours further out, or none is wanted any more.
        if (self.#write === write) {
          try {
            let site: CapturedSite | undefined;
            if (self.#wantsSite(info)) {
              beginCapture();
              captureStackTrace(captured, write);
              site = endCapture(write);
            }
            marked = self.#marked(info, site);
          } catch {
            // An info with traps of its own (a Proxy, a throwing getter): logging it must not become our failure.
          }
        }
        return original().call(this, marked, encoding, callback);
      };
    });
    this.#write = this.#logger.write;
    this.#wrappers.set(this.#write, restore);
  }

  #wantsSite(info: unknown): boolean {
    if (!isInfo(info) || markOf(info)?.isReentrant === true || isGuarded()) return false;
    for (const user of this.users) if (user.wantsSite(info, this.#logger)) return true;
    return false;
  }

  #marked(info: unknown, site: CapturedSite | undefined): unknown {
    if (!isInfo(info)) return info;
    const before = markOf(info);
    const isReportingSuppressed = isUnreported();
    // Marked already: a re-entrant record that is passed on, from one logger to another, stays one.
    if (before?.isReentrant === true && (before.isUnreported || !isReportingSuppressed)) return info;
    // A copy: the info may be the application's own object (`logger.error(err)`), which it may log again from
    // elsewhere. A mark left on it would keep a record out that is not re-entrant.
    if (isGuarded())
      return withMark(withoutMark(info), isReportingSuppressed ? REENTRANT_UNREPORTED : REENTRANT);
    let source: TappableLogger | undefined;
    let span: SpanContext | undefined;
    let context: Context | undefined;
    const isHeldBack = holdsBack(this.#logger);
    for (const user of this.users) {
      if (isHeldBack) {
        user.onHeldBack?.(info, this.#logger);
        if (user.wantsContext?.() === true) context ??= new Context();
      }
      if (source === undefined && user.wantsLogger()) source = this.#logger;
      span ??= user.spanOf?.(info, this.#logger);
    }
    const isOfInterest = (site ?? source ?? span ?? context) !== undefined;
    const mark: Mark | undefined = isOfInterest
      ? { isReentrant: false, isUnreported: false, site, logger: source, span, context }
      : undefined;
    // The same object may be logged twice, from two places, before the first is delivered; or come from another
    // logger, whose mark says nothing here.
    if (before !== undefined || (isOfInterest && !Object.isExtensible(info))) {
      return mark === undefined ? withoutMark(info) : withMark(withoutMark(info), mark);
    }
    return mark === undefined ? info : withMark(info, mark);
  }
}

/** @returns what undoes it */
function override<Name extends 'write' | '_transform' | 'push' | 'unpipe'>(
  logger: TappableLogger,
  name: Name,
  wrap: (original: () => TappableLogger[Name]) => TappableLogger[Name],
): () => void {
  const isOwn = Object.hasOwn(logger, name);
  const found = logger[name];
  const prototype: TappableLogger = Object.getPrototypeOf(logger);
  // What is inherited may be patched later, as tracing tools do: so it is looked up anew each time.
  const value = wrap(isOwn ? () => found : () => prototype[name]);
  return putOwnMethod(logger, name, value);
}
