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

// Reading the clock twice costs about as much as accepting a record, so the time spent in `log()` is measured only for every
// 16th call, starting with the first.
const MEASURE_EVERY = 16;

type Callback = (error?: Error | null) => void;

/** The transport's fields and methods that the receiver uses, under winston's names. */
interface ReceivingTransport extends Gate {
  readonly format?: TransportFormat | undefined;
  readonly parent: Parent | null | undefined;
  log(info: Info, callback?: Callback): unknown;
}

/** Gets the infos that are wanted. */
export interface InfoListener {
  admit(info: Info, levels: Levels | undefined, mark: Mark | undefined, span: SpanContext | undefined): void;
  /** Counts an info that threw when it was read. */
  admitUnreadable(cause: unknown): void;
  /** Keeps an info from Kafka on purpose. @param mark the info's mark, if it was read */
  suppress(reason: 'reentrant' | 'filtered', info: Info, mark?: Mark): void;
}

export interface ReceiverParts {
  readonly transport: ReceivingTransport;
  /** The transport's original `log()`, which other code may have wrapped. */
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

/** Takes the infos that reach a transport through its stream or a call of `log()`: checks the level, runs `format`. Never throws. */
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

  /** Takes an info from a logger, or from another stream. */
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
      // Where there is a tap, its mark decides. The flag can be wrong here: a logger that waited for a sibling transport delivers
      // in the context of that sibling's `drain` event.
      if (mark?.isReentrant === true || (!parents.areTapped && isGuarded())) {
        infos.suppress('reentrant', info, mark);
        return;
      }
      // For the same reason, the application's functions run in the context of the log call: they may read the current request from it.
      if (mark?.context === undefined) this.#format(info, mark);
      else mark.context.runInAsyncScope(() => this.#format(info, mark));
    } catch (error) {
      infos.admitUnreadable(error);
    }
  }

  #format(info: Info, mark: Mark | undefined): void {
    const { transport, infos, warnings } = this.#parts;
    if (transport.format === undefined) {
      this.#passToLog(info, mark);
      return;
    }
    const result = formatted(info, transport.format, warnings);
    if (result.kind === 'kept-out') infos.suppress('filtered', info);
    else if (result.kind === 'failed') infos.admitUnreadable(result.cause);
    else this.#passToLog(result.info, mark);
  }

  /** Called by the transport's own `log()`. */
  log(info: Info, callback: unknown): void {
    const passed = this.#wrappedLog.find(info, callback);
    if (passed === undefined) this.#take(info, undefined, false);
    else if (passed.state !== 'dropped') this.#take(info, passed.mark, true);
    this.#callBack(callback);
  }

  /** Hands the info to `log()` if other code has wrapped it. The mark goes beside the info, because a format may have lost it. */
  #passToLog(info: Info, mark: Mark | undefined): void {
    const { transport, ownLog } = this.#parts;
    if (transport.log === ownLog) this.#take(info, mark, true);
    else this.#wrappedLog.pass((callback) => transport.log(info, callback as Callback), info, mark);
  }

  /** @param isFromLogger whether it came through `write()`, which has already checked that it is wanted */
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

  /** The span that was active at the log call: the mark's, or, for a direct call, the one that is active now. */
  #spanOf(mark: Mark | undefined, isFromLogger: boolean): SpanContext | undefined {
    if (!this.#parts.traceContext) return undefined;
    if (mark !== undefined) return mark.span;
    return isFromLogger && this.#parts.parents.areTapped ? undefined : activeSpan();
  }

  /** Calls the callback of `log()`. What it throws must not reach the code that logs. */
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
