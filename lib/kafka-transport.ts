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
import type { Parent, Parents } from './winston/parents.ts';
import type { Receiver } from './winston/receiver.ts';
import type { StreamEnd } from './winston/stream-end.ts';
import { type Listen, raiseListenerLimit } from './winston/transport-events.ts';
import { keepWhenFinished, takeOverPipes } from './winston/workarounds.ts';

// Three connects or sends that run into their deadline.
const MAX_AGE_MS = 30_000;

type Callback = (error?: Error | null) => void;

const NOTHING: Callback = () => undefined;

// Merged with the class below, not declared in it: there they would be fields, and hide the stream's methods.
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
 * A winston transport that ships records to Kafka through kafkajs: in batches, within bounds of memory, without ever
 * disturbing the application or the logger's other transports, and safe from log loops.
 *
 * Never throws after construction and never emits `error`. What goes wrong is emitted as `warn`, with a
 * `KafkaTransportError`; `logged` is emitted after the broker has acknowledged a record.
 *
 * @example
 * logger.add(new KafkaTransport({
 *   topic: 'app-logs',
 *   kafka: { clientId: 'shop', brokers: ['localhost:9092'] },
 *   level: 'error',
 * }));
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: what the interface says is there, from the stream
export class KafkaTransport extends TransportStream {
  /** As winston's own transports have one. */
  readonly name = 'kafka';
  /**
   * winston's view of things: the logger that it asks for a level, and that logger's levels.
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
  readonly #crash: CrashHandler;
  readonly #processEnd: ProcessExit;
  readonly #hasSpool: boolean;
  readonly #parents: Parents;
  readonly #ending: StreamEnd;
  readonly #receiver: Receiver;
  readonly #levelCheck: LevelCheck;
  /** While it closes for that: most likely the process ends, and where no broker was ever there it does not wait for long. */
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
    // `unpipe` and `error` have a listener that is there without any logger.
    raiseListenerLimit(this, 2);
    this.#options = resolved;
    this.#updatable = resolved;
    this.#parents = new parts.Parents(
      {
        wantsSite: (info, logger) =>
          (resolved.callSite || this.#updatable.filter?.needsSite === true) && isWanted(info, this, logger),
        wantsLogger: () => this.#parents.count > 1,
        wantsContext: () => this.#callsFunctions(),
        onHeldBack: (info, logger) => {
          if (!this.#pipeline.lifecycle.isClosed && isWanted(info, this, logger)) this.#processEnd.watch();
        },
        onUnpipe: (target, logger) => {
          if ((target ?? this) === this) this.#parents.handOverOf(logger);
        },
        ...(resolved.traceContext && {
          spanOf: (info, logger) => (isWanted(info, this, logger) ? activeSpan() : undefined),
        }),
      },
      isKafkaTransport,
    );
    const work = { onWork: () => this.#processEnd.watch(), onIdle: () => this.#onIdle() };
    this.#pipeline = new parts.Pipeline(resolved, this, this.#clock, work, this.#parents);
    this.#crash = new parts.CrashHandler(this, this.#clock, (timeoutMs, isLast) =>
      isLast && resolved.fallback !== undefined && this.#parents.endTheProcess
        ? this.#pipeline.lifecycle.flushAndGiveUp(timeoutMs)
        : this.flush(timeoutMs),
    );
    this.#processEnd = new parts.ProcessExit(
      this.#pipeline.lifecycle,
      resolved.closeTimeoutMs,
      resolved.signals,
    );
    // What another process has left in the spool is sent before the end, also when nothing is logged.
    this.#hasSpool = resolved.spool !== undefined;
    if (this.#hasSpool) this.#processEnd.watch();
    this.#levelCheck = new parts.LevelCheck({
      transport: this,
      named: () => namedLevels(this.#updatable),
      loggers: () => this.#parents.all,
      soon: this.#clock.soon,
      tell: (problem) => this.#pipeline.warnings.mismatch(problem),
    });
    parts.watchLevel(this, () => this.#levelCheck.schedule());
    const { infos, warnings, statsCollector } = this.#pipeline;
    this.#receiver = new parts.Receiver({
      transport: this,
      ownLog: OWN_LOG,
      infos,
      parents: this.#parents,
      levelCheck: this.#levelCheck,
      crash: this.#crash,
      warnings,
      handlerTime: statsCollector.handlerTime,
      clock: this.#clock,
      traceContext: resolved.traceContext,
    });
    this.#ending = new parts.StreamEnd(this, this.#parents, this.#clock, resolved.closeTimeoutMs);
    takeOverPipes<Parent>(
      this,
      (source) => this.#onPipe(source),
      (source) => this.#onUnpipe(source),
    );
  }

  /**
   * Takes a record in. winston calls it; calling it by hand works too, with or without a callback. Never throws;
   * calls back at once and never with an error, because a late callback stalls the logger's other transports.
   */
  override log(info: Info, callback?: Callback): ReturnType<NonNullable<TransportStream['log']>> {
    this.#receiver.log(info, callback);
    return true;
  }

  /**
   * Resolves when all records logged so far are settled, the time is up, or the transport is closed: then what stands in its spool
   * is `pending`. Records that a logger holds back, because another of its transports is slow, are taken first.
   *
   * @param timeoutMs milliseconds; `Infinity` waits for as long as it takes. Default: `closeTimeoutMs`
   * @returns what became of all that had been accepted when it was called
   */
  async flush(timeoutMs: number = this.#options.closeTimeoutMs): Promise<FlushReport> {
    const givenMs = Number.isNaN(timeoutMs) ? this.#options.closeTimeoutMs : timeoutMs;
    return await this.#pipeline.lifecycle.flush(Math.min(givenMs, MAX_DELAY_MS));
  }

  /**
   * Flushes for up to `closeTimeoutMs`, gives up what is left (`dropped.closed`), and closes the connections. Later
   * calls return the same promise. Adding the transport to a logger opens it again.
   */
  override close(): Promise<FlushReport> {
    const closing = this.#pipeline.lifecycle.close(this.#hasLoggerEnded);
    // Until then the process may end, and something be left.
    void closing.then(() => {
      if (this.#pipeline.lifecycle.isClosed) this.#processEnd.forget();
    });
    return closing;
  }

  /** The same as {@link close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** What happened so far. Cheap enough to call every second: it takes 30 us (Node 20). */
  stats(): TransportStats {
    return this.#pipeline.stats();
  }

  /**
   * Changes options while records come: `level`, `filter`, `sample`, `rateLimit`. What is not named stays; `undefined` takes one away.
   *
   * @throws KafkaTransportError for a wrong value, or an option that cannot change; then none has changed
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
   * For a readiness probe: whether records get to Kafka, as far as is known. False when the transport is closed; when records
   * have been waiting for longer than `maxAgeMs` without a single one being acknowledged; and when the state has been
   * `down` for longer than that, and it is still tried in vain. True while there is nothing to send.
   *
   * @param maxAgeMs milliseconds. Default: 30,000
   */
  healthy(maxAgeMs: number = MAX_AGE_MS): boolean {
    return this.#pipeline.isReady(maxAgeMs >= 0 ? maxAgeMs : MAX_AGE_MS);
  }

  /**
   * What the logger's pipe calls. Does without the buffer of the stream: that one is not bounded, and puts a tick
   * on Node's queue for every record (200,000 in one turn: 35 MB). The same in readable-stream 3 and 4.
   */
  override write(info: unknown, encoding?: unknown, callback?: unknown): boolean {
    this._write(info as Info, 'utf8', NOTHING);
    this.#ending.onRecord();
    const done = typeof encoding === 'function' ? encoding : callback;
    if (typeof done === 'function') soonest(done as Callback);
    return true;
  }

  override _write(info: Info, _encoding: BufferEncoding, callback: Callback): void {
    this.#receiver.write(info);
    callback(null);
  }

  /** `logger.end()` waits for it. */
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
   * With several loggers, the end of one is not the end of the transport: it flushes, tells that logger, and stays
   * with the others.
   */
  override end(...args: unknown[]): this {
    this.#ending.end(args, () => Reflect.apply(super.end, this, args));
    return this;
  }

  /**
   * Set by winston after an uncaught exception, on every transport that handles exceptions.
   *
   * @internal
   */
  set _ending(_isEnding: boolean) {
    this.#crash.begin();
  }

  /**
   * For `winston-kafkajs spool --replay`: what Kafka refuses of the spool's records stays on disk.
   *
   * @internal
   */
  _keepDropped(): void {
    this.#pipeline.lifecycle.keepDropped();
  }

  /**
   * The end of the process would find nothing to do, and the next record watches for it again. A logger that nobody uses any
   * more, of a module that was loaded anew, is not kept in memory by the process, nor are listeners left on it.
   */
  #onIdle(): void {
    const isNeeded = this.#hasSpool || this.#pipeline.lifecycle.hasUnsentNotice || this.#parents.held > 0;
    if (!isNeeded) this.#processEnd.forget();
  }

  /** Of the application, for each record. */
  #callsFunctions(): boolean {
    const { topic, key, partition, headers, serialize } = this.#options;
    const options = [key, partition, headers, serialize, this.#updatable.filter, this.format];
    return (
      typeof topic === 'function' || this.log !== OWN_LOG || options.some((option) => option !== undefined)
    );
  }

  #onPipe(source: Parent): void {
    this.#parents.add(source);
    raiseListenerLimit(this, 1);
    this.#syncWithWinston();
    this.#pipeline.lifecycle.reopen();
    if (this.#hasSpool) this.#processEnd.watch();
    this.#levelCheck.schedule();
  }

  #onUnpipe(source: Parent): void {
    if (!this.#parents.has(source)) return;
    raiseListenerLimit(this, -1);
    // Added twice, and removed once.
    if (Array.isArray(source.transports) && source.transports.includes(this)) return;
    if (this.#parents.isKept(source)) {
      source.pipe?.(this);
      return;
    }
    this.#parents.remove(source);
    this.#ending.onRecord();
    this.#syncWithWinston();
    if (this.#parents.count === 0) void this.close();
  }

  /** winston and its plugins read `parent` and `levels`. */
  #syncWithWinston(): void {
    this.parent = this.#parents.first ?? null;
    this.levels = this.parent?.levels ?? this.levels;
  }
}

// As it is here: who replaces it on the prototype wraps it, too.
const OWN_LOG = KafkaTransport.prototype.log;

// Not in the class: esbuild then gives that another name, which would be seen in what is packed.
function isKafkaTransport(target: unknown): boolean {
  return target instanceof KafkaTransport;
}

function namedLevels({ filter, ...sampling }: Pick<ResolvedOptions, 'filter' | 'sample' | 'rateLimit'>) {
  return [...(filter?.levels ?? []), ...levelsOf(sampling)];
}
