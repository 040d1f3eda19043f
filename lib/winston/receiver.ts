import { isGuarded } from '../loop-safety/guard.ts';
import type { Distribution } from '../observe/distribution.ts';
import type { Warnings } from '../observe/warnings.ts';
import type { Clock } from '../time/clock.ts';
import type { Info, Levels } from '../util/info.ts';
import { activeSpan, type SpanContext } from '../util/open-telemetry-api.ts';
import type { CrashHandler } from './crash-handler.ts';
import { formatted, type TransportFormat } from './format.ts';
import type { LevelCheck } from './level-check.ts';
import { type Gate, isWanted } from './level-gate.ts';
import { type Mark, markOf } from './mark.ts';
import type { Parent, Parents } from './parents.ts';
import { WrappedLog } from './wrapped-log.ts';

// Reading the clock twice costs about as much as taking a record in: so the time spent in `log()` is measured for
// one call in so many, the first one included.
const MEASURE_EVERY = 16;

type Callback = (error?: Error | null) => void;

/** What is asked of the transport, under winston's names. */
interface ReceivingTransport extends Gate {
  readonly format?: TransportFormat | undefined;
  readonly parent: Parent | null | undefined;
  log(info: Info, callback?: Callback): unknown;
}

/** Who gets the infos. */
export interface InfoListener {
  admit(info: Info, levels: Levels | undefined, mark: Mark | undefined, span: SpanContext | undefined): void;
  /** An info that could not even be read. */
  admitUnreadable(cause: unknown): void;
  /** Keeps an info from Kafka on purpose. @param mark what it carries, where that was read */
  suppress(reason: 'reentrant' | 'filtered', info: Info, mark?: Mark): void;
}

export interface ReceiverParts {
  readonly transport: ReceivingTransport;
  /** The transport's own `log()`, whatever stands in its place by now. */
  readonly ownLog: unknown;
  readonly infos: InfoListener;
  readonly parents: Parents;
  readonly levelCheck: LevelCheck;
  readonly crash: CrashHandler;
  readonly warnings: Warnings;
  readonly handlerTime: Distribution;
  readonly clock: Clock;
  readonly traceContext: boolean;
}

/** What reaches a transport, by its stream or by a call of `log()`: whether it is wanted, what its `format` makes of it. Never throws. */
export class Receiver {
  readonly #parts: ReceiverParts;
  readonly #wrappedLog: WrappedLog;
  #calls = 0;

  constructor(parts: ReceiverParts) {
    this.#parts = parts;
    const { infos, warnings } = parts;
    this.#wrappedLog = new WrappedLog({
      onLost: (error) => {
        warnings.wrappedLogFailed(error, 'the record is dropped as invalid');
        infos.admitUnreadable(error);
      },
      onFailed: (error) =>
        warnings.wrappedLogFailed(error, 'a record that it has handed on is sent all the same'),
    });
  }

  /** An info that comes from a logger, or from some other stream. */
  write(info: Info): void {
    const { transport, parents, infos, levelCheck } = this.#parts;
    try {
      this.#onCrashRecord(info);
      const mark = markOf(info);
      const logger = mark?.logger ?? transport.parent;
      if (!isWanted(info, transport, logger)) {
        levelCheck.onUnknownLevel(logger);
        return;
      }
      // Where there is a tap, its mark decides. The flag may be another context's here: a logger that waited for a drain delivers in
      // the context of the `drain` event.
      if (mark?.isReentrant === true || (!parents.areTapped && isGuarded())) {
        infos.suppress('reentrant', info, mark);
        return;
      }
      // Otherwise it would be that of what has made a sibling ready again: the functions of the application would see another request.
      if (mark?.context === undefined) this.#format(info, mark);
      else mark.context.runInAsyncScope(() => this.#format(info, mark));
    } catch (error) {
      infos.admitUnreadable(error);
    }
  }

  #format(info: Info, mark: Mark | undefined): void {
    const { transport, infos, warnings } = this.#parts;
    if (transport.format === undefined) {
      this.#hand(info, mark);
      return;
    }
    const result = formatted(info, transport.format, warnings);
    if (result.kind === 'kept-out') infos.suppress('filtered', info);
    else if (result.kind === 'failed') infos.admitUnreadable(result.cause);
    else this.#hand(result.info, mark);
  }

  /** A call of the transport's own `log()`. */
  log(info: Info, callback: unknown): void {
    const handed = this.#wrappedLog.find(info, callback);
    if (handed === undefined) this.#take(info, undefined, false);
    else if (handed.state !== 'dropped') this.#take(info, handed.mark, true);
    this.#callBack(callback);
  }

  /** To `log()`, where others have wrapped it; the mark, which a format may have lost, goes beside the info. */
  #hand(info: Info, mark: Mark | undefined): void {
    const { transport, ownLog } = this.#parts;
    if (transport.log === ownLog) this.#take(info, mark, true);
    else this.#wrappedLog.hand((callback) => transport.log(info, callback as Callback), info, mark);
  }

  /** @param isFromLogger whether it came by `write()`, where it was decided whether it is wanted */
  #take(info: Info, mark: Mark | undefined, isFromLogger: boolean): void {
    const { clock, infos, handlerTime } = this.#parts;
    const isMeasured = this.#calls++ % MEASURE_EVERY === 0;
    const startedAt = isMeasured ? clock.monotonic() : 0;
    try {
      if (isFromLogger) this.#admit(info, mark, true);
      else this.#takeDirectCall(info);
    } catch (error) {
      infos.admitUnreadable(error);
    }
    if (isMeasured) handlerTime.record((clock.monotonic() - startedAt) * 1000);
  }

  #takeDirectCall(info: Info): void {
    const mark = markOf(info);
    this.#onCrashRecord(info);
    if (mark?.isReentrant === true || isGuarded()) this.#parts.infos.suppress('reentrant', info, mark);
    else this.#admit(info, mark, false);
  }

  #admit(info: Info, mark: Mark | undefined, isFromLogger: boolean): void {
    const { infos, transport } = this.#parts;
    infos.admit(info, mark?.logger?.levels ?? transport.levels, mark, this.#spanOf(mark, isFromLogger));
  }

  /** The span that was active at the log call: that is now, where nobody has noted it there. */
  #spanOf(mark: Mark | undefined, isFromLogger: boolean): SpanContext | undefined {
    if (!this.#parts.traceContext) return undefined;
    if (mark !== undefined) return mark.span;
    return isFromLogger && this.#parts.parents.areTapped ? undefined : activeSpan();
  }

  /** The callback of a direct call of `log()`. One that throws must not reach whoever logs. */
  #callBack(callback: unknown): void {
    if (typeof callback !== 'function') return;
    try {
      callback();
    } catch (error) {
      this.#parts.warnings.listenerFailed(error);
    }
  }

  #onCrashRecord(info: Info): void {
    if (info.exception === true || info.rejection === true) this.#parts.crash.onRecord();
  }
}
