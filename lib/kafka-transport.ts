import TransportStream from 'winston-transport';
import type { TransportStats } from './observe/stats.ts';
import type { KafkaTransportOptions } from './options/kafka-transport-options.ts';
import type { ResolvedOptions } from './options/resolve.ts';
import type { UpdatableOptions } from './options/update.ts';
import { loadParts } from './pipeline/load-parts.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import type { ProcessExit } from './process/process-exit.ts';
import { levelsOf } from './sampling/sampling.ts';
import type { FlushReport } from './sender/sender-options.ts';
import { type Clock, MAX_DELAY_MS, systemClock } from './time/clock.ts';
import { soonest } from './time/system-timers.ts';
import type { Info, Levels } from './util/info.ts';
import { activeSpan } from './util/open-telemetry-api.ts';
import type { CrashHandler } from './winston/crash-handler.ts';
import type { LevelCheck } from './winston/level-check.ts';
import { isWanted } from './winston/level-gate.ts';
import type { TapUser } from './winston/logger-tap.ts';
import type { Parent, Parents } from './winston/parents.ts';
import type { Receiver } from './winston/receiver.ts';
import type { StreamEnd } from './winston/stream-end.ts';
import { type Listen, raiseListenerLimit } from './winston/transport-events.ts';
import { keepWhenFinished, takeOverPipes } from './winston/workarounds.ts';

// The time of three connects or sends that each run into `requestTimeoutMs`.
const MAX_AGE_MS = 30_000;

// The listeners of `finish` that a logger adds: one by its pipe, one when it ends. For other events it adds fewer.
const LISTENERS_OF_A_LOGGER = 2;

type Parts = ReturnType<typeof loadParts>;
type Callback = (error?: Error | null) => void;

const NOTHING: Callback = () => undefined;

// Merged with the class below: declared in the class, these would be fields that hide the stream's methods.
export interface KafkaTransport {
  on: Listen<this>;
  once: Listen<this>;
  off: Listen<this>;
  addListener: Listen<this>;
  prependListener: Listen<this>;
  prependOnceListener: Listen<this>;
  removeListener: Listen<this>;
  removeAllListeners(event?: string | symbol): this;
  listenerCount(event: string | symbol, listener?: (...args: never[]) => void): number;
  // biome-ignore lint/suspicious/noExplicitAny: as in @types/node
  emit(event: string | symbol, ...args: any[]): boolean;
}

/**
 * A winston transport that ships records to Kafka through kafkajs: in batches, within a memory limit, without log
 * loops, and without disturbing the application or the logger's other transports.
 *
 * It never throws after construction and never emits `error`. It emits `warn` with a `KafkaTransportError` when
 * something goes wrong, and `logged` after the broker has acknowledged a record.
 *
 * @example
 * logger.add(new KafkaTransport({
 *   topic: 'app-logs',
 *   kafka: { clientId: 'shop', brokers: ['localhost:9092'] },
 *   level: 'error',
 * }));
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the stream has the methods that the interface declares
export class KafkaTransport extends TransportStream {
  /** winston's own transports have a name too. */
  readonly name = 'kafka';
  /**
   * The fields that winston reads: the logger whose level applies, and that logger's levels.
   *
   * @internal
   */
  declare parent: Parent | null | undefined;
  /** @internal */
  declare levels: Levels | undefined;

  readonly #options: ResolvedOptions;
  #updatable: Pick<ResolvedOptions, 'filter' | 'sample' | 'rateLimit'>;
  readonly #clock: Clock = systemClock;
  readonly #pipeline: Pipeline;
  readonly #crashHandler: CrashHandler;
  readonly #processExit: ProcessExit;
  readonly #hasSpool: boolean;
  readonly #parents: Parents;
  readonly #streamEnd: StreamEnd;
  readonly #receiver: Receiver;
  readonly #levelCheck: LevelCheck;
  /** True during the `close()` that `logger.end()` causes: that one gives up early if no broker was ever reached. */
  #hasLoggerEnded = false;

  /** @throws KafkaTransportError for bad options; it names the option, what was expected and what was given */
  constructor(options: KafkaTransportOptions) {
    const parts = loadParts();
    const resolved = parts.resolveOptions(options);
    const { level, format, silent, handleExceptions, handleRejections } = options;
    super({
      ...(level !== undefined && { level }),
      ...(format !== undefined && { format }),
      ...(silent !== undefined && { silent }),
      ...(handleExceptions !== undefined && { handleExceptions }),
      ...(handleRejections !== undefined && { handleRejections }),
    });
    keepWhenFinished(this);
    // Two listeners are there without any logger: one for `unpipe` and one for `error`.
    raiseListenerLimit(this, 2);
    this.#options = resolved;
    this.#updatable = resolved;
    this.#parents = new parts.Parents(this.#tapUser(), isKafkaTransport);
    const work = { onWork: () => this.#processExit.watch(), onIdle: () => this.#onIdle() };
    this.#pipeline = new parts.Pipeline(resolved, this, this.#clock, work, this.#parents);
    this.#crashHandler = new parts.CrashHandler(this, this.#clock, (timeoutMs, isLast) =>
      isLast && resolved.fallback !== undefined && this.#parents.anyExitsOnError
        ? this.#pipeline.lifecycle.flushAndGiveUp(timeoutMs)
        : this.flush(timeoutMs),
    );
    this.#processExit = new parts.ProcessExit(
      this.#pipeline.lifecycle,
      resolved.closeTimeoutMs,
      resolved.signals,
    );
    // Records that another process left in the spool are sent before this one ends, even if it logs nothing.
    this.#hasSpool = resolved.spool !== undefined;
    if (this.#hasSpool) this.#processExit.watch();
    this.#levelCheck = this.#makeLevelCheck(parts);
    parts.watchLevel(this, () => this.#levelCheck.schedule());
    this.#receiver = this.#makeReceiver(parts);
    this.#streamEnd = new parts.StreamEnd(this, this.#parents, this.#clock, resolved.closeTimeoutMs);
    takeOverPipes<Parent>(
      this,
      (source) => this.#onPipe(source),
      (source) => this.#onUnpipe(source),
    );
  }

  /**
   * Accepts a record. winston calls this; a direct call works too, with or without a callback. It never throws, and it
   * calls back at once and never with an error, because a late callback stalls the logger's other transports.
   */
  override log(info: Info, callback?: Callback): ReturnType<NonNullable<TransportStream['log']>> {
    this.#receiver.log(info, callback);
    return true;
  }

  /**
   * Resolves when all records logged so far are delivered or dropped, when the time is up, or when the transport is closed; records
   * that are still in the spool count as `pending`. Records that a logger holds back for a slower transport are taken first.
   *
   * @param timeoutMs milliseconds; `Infinity` sets no limit. Default: `closeTimeoutMs`
   * @returns what became of all records that had been accepted when `flush` was called
   */
  async flush(timeoutMs: number = this.#options.closeTimeoutMs): Promise<FlushReport> {
    const givenMs = Number.isNaN(timeoutMs) ? this.#options.closeTimeoutMs : timeoutMs;
    return await this.#pipeline.lifecycle.flush(Math.min(givenMs, MAX_DELAY_MS));
  }

  /**
   * Flushes for up to `closeTimeoutMs`, gives up the remaining records (`dropped.closed`), and closes the connections.
   * Later calls return the same promise. Adding the transport to a logger opens it again.
   */
  override close(): Promise<FlushReport> {
    const closing = this.#pipeline.lifecycle.close(this.#hasLoggerEnded);
    // The process may end before the close is done: until then its end has to be watched.
    void closing.then(() => {
      if (this.#pipeline.lifecycle.isClosed) this.#processExit.forget();
    });
    return closing;
  }

  /** The same as {@link close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Counts, rates and times so far. Cheap enough to call every second: one call takes 30 us (Node 20). */
  stats(): TransportStats {
    return this.#pipeline.stats();
  }

  /**
   * Changes `level`, `filter`, `sample` or `rateLimit` at run time. An option that is not given stays; `undefined` removes it.
   *
   * @throws KafkaTransportError for a wrong value, or an option that cannot change; then no option has changed
   * @example transport.updateOptions({ level: 'debug', sample: { debug: 0.01 } })
   */
  updateOptions(options: UpdatableOptions): void {
    const { level, ...updated } = loadParts().checkedUpdate(options, this.#options.levels);
    this.#updatable = { ...this.#updatable, ...updated };
    this.#pipeline.updateSelection(this.#updatable);
    if ('level' in options) Object.assign(this, { level });
    this.#levelCheck.schedule();
  }

  /**
   * For a readiness probe: whether records get to Kafka, as far as the transport knows. False when the transport is closed; when
   * records have waited for longer than `maxAgeMs` and none was acknowledged; and when the state has been `down` for
   * longer than `maxAgeMs` and retries still fail. True while there is nothing to send.
   *
   * @param maxAgeMs milliseconds. Default: 30,000
   */
  healthy(maxAgeMs: number = MAX_AGE_MS): boolean {
    return this.#pipeline.isReady(maxAgeMs >= 0 ? maxAgeMs : MAX_AGE_MS);
  }

  /**
   * The logger's pipe calls this. It bypasses the stream's write buffer, which has no limit and puts a tick on Node's
   * queue for every record (200,000 in one turn: 35 MB). The same in readable-stream 3 and 4.
   */
  override write(info: unknown, encoding?: unknown, callback?: unknown): boolean {
    this._write(info as Info, 'utf8', NOTHING);
    this.#streamEnd.onRecord();
    const done = typeof encoding === 'function' ? encoding : callback;
    if (typeof done === 'function') soonest(done as Callback);
    return true;
  }

  override _write(info: Info, _encoding: BufferEncoding, callback: Callback): void {
    this.#receiver.write(info);
    callback(null);
  }

  /** `logger.end()` waits for this. */
  override _final(callback: Callback): void {
    this.#hasLoggerEnded = true;
    // Never with an error: the logger would not finish.
    this.close().then(
      () => callback(),
      () => callback(),
    );
    this.#hasLoggerEnded = false;
  }

  override _destroy(_error: Error | null, callback: Callback): void {
    this._final(callback);
  }

  /**
   * When one of several loggers ends, the transport flushes, emits `finish` for that logger, and stays open for the
   * others.
   */
  override end(...args: unknown[]): this {
    this.#streamEnd.end(args, () => Reflect.apply(super.end, this, args));
    return this;
  }

  /**
   * Set by winston after an uncaught exception, on every transport that handles exceptions.
   *
   * @internal
   */
  set _ending(_isEnding: boolean) {
    this.#crashHandler.begin();
  }

  /**
   * For `winston-kafkajs spool --replay`: records of the spool that Kafka refuses stay on disk.
   *
   * @internal
   */
  _keepDropped(): void {
    this.#pipeline.lifecycle.keepDropped();
  }

  /** What the transport wants to know of a record at the log call. */
  #tapUser(): TapUser {
    const { callSite, traceContext } = this.#options;
    return {
      wantsSite: (info, logger) =>
        (callSite || this.#updatable.filter?.needsSite === true) && isWanted(info, this, logger),
      wantsLogger: () => this.#parents.count > 1,
      wantsContext: () => this.#callsFunctions(),
      onHeldBack: (info, logger) => {
        if (!this.#pipeline.lifecycle.isClosed && isWanted(info, this, logger)) this.#processExit.watch();
      },
      onUnpipe: (target, logger) => {
        if ((target ?? this) === this) this.#parents.handOverOf(logger);
      },
      ...(traceContext && {
        spanOf: (info, logger) => (isWanted(info, this, logger) ? activeSpan() : undefined),
      }),
    };
  }

  #makeLevelCheck({ LevelCheck }: Parts): LevelCheck {
    return new LevelCheck({
      transport: this,
      named: () => namedLevels(this.#updatable),
      loggers: () => this.#parents.all,
      soon: this.#clock.soon,
      tell: (problem) => this.#pipeline.warnings.mismatch(problem),
    });
  }

  #makeReceiver({ Receiver }: Parts): Receiver {
    const { infos, warnings, statsCollector } = this.#pipeline;
    return new Receiver({
      transport: this,
      ownLog: OWN_LOG,
      infos,
      parents: this.#parents,
      levelCheck: this.#levelCheck,
      crash: this.#crashHandler,
      warnings,
      handlerTime: statsCollector.handlerTime,
      clock: this.#clock,
      traceContext: this.#options.traceContext,
    });
  }

  /**
   * Stops watching for the end of the process when nothing is left to send; the next record starts it again. So the process's
   * listeners do not keep an unused transport in memory, for example after a module was reloaded.
   */
  #onIdle(): void {
    const isNeeded = this.#hasSpool || this.#pipeline.lifecycle.hasUnsentNotice || this.#parents.held > 0;
    if (!isNeeded) this.#processExit.forget();
  }

  /** Whether functions of the application are called for each record. */
  #callsFunctions(): boolean {
    const { topic, key, partition, headers, serialize } = this.#options;
    const options = [key, partition, headers, serialize, this.#updatable.filter, this.format];
    return (
      typeof topic === 'function' || this.log !== OWN_LOG || options.some((option) => option !== undefined)
    );
  }

  #onPipe(source: Parent): void {
    this.#parents.add(source);
    raiseListenerLimit(this, LISTENERS_OF_A_LOGGER);
    this.#syncWithWinston();
    this.#pipeline.lifecycle.reopen();
    if (this.#hasSpool) this.#processExit.watch();
    this.#levelCheck.schedule();
  }

  #onUnpipe(source: Parent): void {
    if (!this.#parents.has(source)) return;
    raiseListenerLimit(this, -LISTENERS_OF_A_LOGGER);
    // The logger had it twice, and has removed it once.
    if (Array.isArray(source.transports) && source.transports.includes(this)) return;
    if (this.#parents.mustRepipe(source)) {
      source.pipe?.(this);
      return;
    }
    this.#parents.remove(source);
    this.#streamEnd.onRecord();
    this.#syncWithWinston();
    if (this.#parents.count === 0) void this.close();
  }

  /** winston and its plugins read `parent` and `levels`. */
  #syncWithWinston(): void {
    this.parent = this.#parents.first ?? null;
    this.levels = this.parent?.levels ?? this.levels;
  }
}

// Read here, so that a `log` which is later replaced on the prototype counts as wrapped too.
const OWN_LOG = KafkaTransport.prototype.log;

// Not in the class: esbuild then gives that another name, which would be seen in what is packed.
function isKafkaTransport(target: unknown): boolean {
  return target instanceof KafkaTransport;
}

function namedLevels({ filter, ...sampling }: Pick<ResolvedOptions, 'filter' | 'sample' | 'rateLimit'>) {
  return [...(filter?.levels ?? []), ...levelsOf(sampling)];
}
