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

/** A transport, as far as the tap needs it. */
export interface TapUser {
  /** Whether it wants the call site of this record. */
  wantsSite(info: Info, logger: TappableLogger): boolean;
  /** Whether it needs to know the logger of a record, because it has several. */
  wantsLogger(): boolean;
  /** The active span, if the transport wants it. */
  spanOf?(info: Info, logger: TappableLogger): SpanContext | undefined;
  /** Whether it calls functions of the application, which may read the asynchronous context they run in. */
  wantsContext?(): boolean;
  /** Called when the logger will deliver the record later, because another of its transports pushes back. */
  onHeldBack?(info: Info, logger: TappableLogger): void;
  /** Called before the logger lets go of a transport, or of all its transports (`undefined`). */
  onUnpipe?(target: unknown, logger: TappableLogger): void;
}

// Each logger has one tap, shared by all copies of the package: of two taps on top of each other, neither could be removed
// cleanly. The number is the version of `LoggerTap` and `TapUser`.
const TAPS = Symbol.for('winston-kafkajs.taps.5');

const registry = globalThis as { [TAPS]?: WeakMap<TappableLogger, LoggerTap> };
if (registry[TAPS] === undefined) registry[TAPS] = new WeakMap();
const taps: WeakMap<TappableLogger, LoggerTap> = registry[TAPS];

/** Marks the logger's records at the log call, until the last user has called {@link untap}. */
export function tap(logger: TappableLogger, user: TapUser): void {
  const root = rootOf(logger);
  let existing = taps.get(root);
  if (existing === undefined) {
    existing = new LoggerTap(root);
    taps.set(root, existing);
  }
  existing.users.add(user);
}

/** The opposite of {@link tap}. When the last user leaves, the logger is as it was before. */
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
 * Wraps a logger's `write`, through which every log call goes, including those of its children. The transport's `log()`
 * would be too late: as soon as any transport of the logger pushes back, winston delivers from its own buffer, in another
 * turn of the event loop and another asynchronous context, where the flag can be wrong in both directions.
 */
class LoggerTap {
  readonly users = new Set<TapUser>();
  readonly #logger: TappableLogger;
  readonly #restore: (() => void)[] = [];
  /** For each of our wrappers of `write`, the function that removes it. */
  readonly #wrappers = new Map<Write, () => void>();
  /** The outermost of these wrappers: only this one marks. */
  #write: Write | undefined;
  /** Whether a record is being formatted. `#mark` is the mark of that record. */
  #isFormatting = false;
  #mark: Mark | undefined;

  constructor(logger: TappableLogger) {
    this.#logger = logger;
    this.#wrapWrite();
    const self = this;
    // A format may build a new info without the mark, so its result is marked again. winston's `_transform` runs the
    // formats and pushes their result, synchronously.
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
          // A copy, because a format may return the same object each time, with an earlier record's mark on it.
          const marked = markOf(info) === mark ? info : withMark(withoutMark(info), mark);
          if (mark?.isReentrant !== true) return original().call(this, marked, encoding);
          // Under the flag: a sibling transport may log what it gets to another logger, and that record must not
          // be shipped either.
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
   * Other code wraps `write` too, and restores the function that it had found, which removes our wrapper if it came
   * later. So each record checks that the wrapper is still there.
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
        // Otherwise another of our wrappers is further out, or the tap was removed.
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
            // An info may throw when it is read (a Proxy, a getter): the log call must not fail because of the mark.
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
    // A re-entrant record that is passed on from one logger to another stays re-entrant.
    if (before?.isReentrant === true && (before.isUnreported || !isReportingSuppressed)) return info;
    // A copy, because the info may be the application's own object (`logger.error(err)`), which it may log again
    // elsewhere: with this mark on it, that record would wrongly be kept from Kafka.
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
    // The same object may be logged from two places before the first record is delivered, or come from another
    // logger, whose mark does not apply here.
    if (before !== undefined || (isOfInterest && !Object.isExtensible(info))) {
      return mark === undefined ? withoutMark(info) : withMark(withoutMark(info), mark);
    }
    return mark === undefined ? info : withMark(info, mark);
  }
}

/** @returns a function that undoes it */
function override<Name extends 'write' | '_transform' | 'push' | 'unpipe'>(
  logger: TappableLogger,
  name: Name,
  wrap: (original: () => TappableLogger[Name]) => TappableLogger[Name],
): () => void {
  const isOwn = Object.hasOwn(logger, name);
  const found = logger[name];
  const prototype: TappableLogger = Object.getPrototypeOf(logger);
  // An inherited method may be patched later, as tracing tools do, so it is looked up at each call.
  const value = wrap(isOwn ? () => found : () => prototype[name]);
  return putOwnMethod(logger, name, value);
}
