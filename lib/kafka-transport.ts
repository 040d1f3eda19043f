import TransportStream from 'winston-transport';
import { type Clock, systemClock } from './clock.ts';
import type { FlushReport } from './delivery/shipper.ts';
import { beforeExit, forgetBeforeExit } from './lifecycle/before-exit.ts';
import { CrashPath } from './lifecycle/crash-path.ts';
import { type Parent, Parents } from './lifecycle/parents.ts';
import type { TransportStats } from './observe/stats.ts';
import type { KafkaTransportOptions } from './options.ts';
import { Pipeline } from './pipeline.ts';
import { guardSync, isGuarded } from './recursion/guard.ts';
import { type Info, type Mark, markOf } from './recursion/logger-tap.ts';
import { type ResolvedOptions, resolveOptions } from './resolve-options.ts';

const LEVEL = Symbol.for('level');

// Reading the clock twice costs about as much as taking a record in: so the time spent in `log()` is measured for
// one call in so many, the first one included.
const MEASURE_EVERY = 16;

type Callback = (error?: Error | null) => void;
type Levels = Readonly<Record<string, number>>;

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
export class KafkaTransport extends TransportStream {
  /** As winston's own transports have one. */
  readonly name = 'kafka';
  /** winston's view of things: the logger that it asks for a level, and that logger's levels. */
  declare parent: Parent | undefined;
  declare levels: Levels | undefined;
  /** Of the stream below; the same in readable-stream 3 and 4. */
  declare readonly _writableState: { readonly ending: boolean };

  readonly #options: ResolvedOptions;
  readonly #clock: Clock = systemClock;
  readonly #pipeline: Pipeline;
  readonly #crash: CrashPath;
  readonly #parents: Parents;
  /** While an info from a logger goes through `log()`: what it carried. Nothing when `log()` is called by hand. */
  #carried: { mark: Mark | undefined } | undefined;
  #calls = 0;
  /** How much had been accepted when the process was last about to end. */
  #acceptedAtExit = 0;
  readonly #finisher = { beforeExit: () => this.#finish() };

  /** @throws KafkaTransportError for bad options; it names the option, what was expected and what was given */
  constructor(options: KafkaTransportOptions) {
    const resolved = resolveOptions(options);
    const { level, format, silent, handleExceptions, handleRejections } = options;
    super({
      ...(level !== undefined && { level }),
      ...(format !== undefined && { format }),
      ...(silent !== undefined && { silent }),
      ...(handleExceptions !== undefined && { handleExceptions }),
      ...(handleRejections !== undefined && { handleRejections }),
    });
    this.#options = resolved;
    this.#pipeline = new Pipeline(resolved, this, this.#clock);
    this.#crash = new CrashPath(this, this.#clock, (timeoutMs) => this.flush(timeoutMs));
    this.#parents = new Parents({
      wantsSite: (info, logger) =>
        (resolved.callSite || resolved.filter?.needsSite === true) && this.#isWanted(info, logger),
      wantsLogger: () => this.level === undefined && this.#parents.count > 1,
    });
    // winston-transport's own books know one logger only (its issue: `once('pipe')`): these take their place.
    this.removeAllListeners('pipe').on('pipe', (source) => this.#onPipe(source as unknown as Parent));
    this.removeAllListeners('unpipe').on('unpipe', (source) => this.#onUnpipe(source as unknown as Parent));
  }

  /**
   * Takes a record in. winston calls it; calling it by hand works too, with or without a callback. Never throws;
   * calls back at once and never with an error, because a late callback stalls the logger's other transports.
   */
  override log(info: Info, callback?: Callback): boolean {
    const isMeasured = this.#calls++ % MEASURE_EVERY === 0;
    const startedAt = isMeasured ? performance.now() : 0;
    try {
      this.#take(info);
    } catch (error) {
      this.#pipeline.admitUnreadable(error);
    }
    if (isMeasured) this.#pipeline.handlerTime.record((performance.now() - startedAt) * 1000);
    callback?.();
    return true;
  }

  /**
   * Resolves when all records accepted so far are settled, or the time is up.
   *
   * @param timeoutMs milliseconds. Default: `closeTimeoutMs`
   * @returns what became of all that had been accepted when it was called
   */
  async flush(timeoutMs: number = this.#options.closeTimeoutMs): Promise<FlushReport> {
    return await this.#pipeline.flush(timeoutMs);
  }

  /**
   * Flushes for up to `closeTimeoutMs`, gives up what is left (`dropped.closed`), and closes the connections. Later
   * calls return the same promise. Adding the transport to a logger opens it again.
   */
  override close(): Promise<FlushReport> {
    forgetBeforeExit(this.#finisher);
    return this.#pipeline.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** What happened so far. Cheap enough to call every second. */
  stats(): TransportStats {
    return this.#pipeline.stats();
  }

  /**
   * What the logger's pipe calls. Does without the buffer of the stream: that one is not bounded, and puts a tick
   * on Node's queue for every record (200,000 in one turn: 35 MB). The same in readable-stream 3 and 4.
   */
  override write(info: unknown, encoding?: unknown, callback?: unknown): boolean {
    this._write(info as Info, 'utf8', () => undefined);
    const done = typeof encoding === 'function' ? encoding : callback;
    if (typeof done === 'function') process.nextTick(done as Callback);
    return true;
  }

  override _write(info: Info, _encoding: BufferEncoding, callback: Callback): void {
    try {
      this.#receive(info);
    } catch (error) {
      this.#pipeline.admitUnreadable(error);
    }
    callback(null);
  }

  /** `logger.end()` waits for it. */
  override _final(callback: Callback): void {
    // Never with an error: the logger would not finish.
    this.close().then(
      () => callback(),
      () => callback(),
    );
  }

  override _destroy(_error: Error | null, callback: Callback): void {
    this._final(callback);
  }

  /**
   * With several loggers, the end of one is not the end of the transport: it flushes, tells that logger, and stays
   * with the others.
   */
  override end(...args: unknown[]): this {
    if (this.#parents.oneOfSeveralHasEnded) void this.#finishFor(this.flush());
    // Ended before, and added to a logger again since: the stream will not finish a second time by itself.
    else if (this._writableState.ending) void this.#finishFor(this.close());
    else Reflect.apply(super.end, this, args);
    return this;
  }

  /** Emits what the logger that has ended waits for. The pipes of all others let go at that: they are tied again. */
  async #finishFor(flushed: Promise<FlushReport>): Promise<void> {
    await flushed;
    this.#parents.keepLiving(() => this.emit('finish'));
  }

  /** Set by winston after an uncaught exception, on every transport that handles exceptions. */
  get _ending(): boolean {
    return this.#crash.isUnderWay;
  }

  set _ending(isEnding: boolean) {
    if (isEnding) this.#crash.begin(() => this.parent?.exitOnError === true);
  }

  /** An info that comes from a logger, or from some other stream. */
  #receive(info: Info): void {
    if (this.silent === true) return;
    if (info.exception === true) {
      // After this turn: a record that is taken is in the buffer by then.
      this.#clock.soon(() => this.#crash.noteException());
      if (this.handleExceptions !== true) return;
    }
    const mark = markOf(info);
    if (!this.#isWanted(info, mark?.logger ?? this.parent)) return;
    // What the tap has seen is decided. Asked here, the flag could be another's: a logger that was held up
    // delivers in the context of whatever let it go on.
    if (mark?.isReentrant === true || (!this.#parents.areTapped && isGuarded())) {
      this.#pipeline.suppressed.reentrant++;
      return;
    }
    const formatted = this.#format(info);
    if (formatted === undefined) return;
    this.#carried = { mark };
    try {
      this.log(formatted, () => undefined);
    } finally {
      this.#carried = undefined;
    }
  }

  #take(info: Info): void {
    const carried = this.#carried;
    this.#carried = undefined;
    const mark = carried === undefined ? markOf(info) : carried.mark;
    if (carried === undefined) {
      if (info.exception === true) this.#clock.soon(() => this.#crash.noteException());
      if (mark?.isReentrant === true || isGuarded()) {
        this.#pipeline.suppressed.reentrant++;
        return;
      }
    }
    beforeExit(this.#finisher);
    this.#pipeline.admit(info, mark?.logger?.levels ?? this.levels, mark?.site);
  }

  /** The transport's own `format`, run as winston-transport does, but never throwing into the application. */
  #format(info: Info): Info | undefined {
    const { format } = this;
    if (format === undefined) return info;
    let formatted: unknown;
    try {
      // A copy: the other transports get the same info.
      formatted = guardSync(() => format.transform(Object.assign({}, info) as never, format.options));
    } catch (error) {
      this.#pipeline.trouble.callback('format', error, 'the record is dropped as invalid');
      this.#pipeline.admitUnreadable(error);
      return undefined;
    }
    if (typeof formatted === 'object' && formatted !== null) return formatted as Info;
    this.#pipeline.suppressed.filtered++;
    return undefined;
  }

  /** Whether the record's level passes: the transport's own level, or else that of the logger it comes from. */
  #isWanted(info: Info, logger: Parent | undefined): boolean {
    if (this.silent === true) return false;
    const levels = logger?.levels ?? this.levels;
    const level = this.level ?? logger?.level;
    if (level === undefined || levels === undefined) return true;
    return (levels[level] ?? Number.NaN) >= (levels[String(info[LEVEL])] ?? Number.NaN);
  }

  #onPipe(source: Parent): void {
    this.#parents.add(source);
    this.#syncWithWinston();
    this.#pipeline.reopen();
  }

  #onUnpipe(source: Parent): void {
    if (this.#parents.isKept(source)) {
      source.pipe?.(this);
      return;
    }
    this.#parents.remove(source);
    this.#syncWithWinston();
    if (this.#parents.count === 0) void this.close();
  }

  /** winston and its plugins read `parent` and `levels`. */
  #syncWithWinston(): void {
    this.parent = this.#parents.first;
    this.levels = this.parent?.levels ?? this.levels;
  }

  /** The process is about to end by itself: what waits is delivered first, and the connection does not hold it up. */
  #finish(): void {
    // A second time only if there is something new, or an outage would keep the process alive for ever.
    if (this.#pipeline.held === 0 || this.#pipeline.accepted === this.#acceptedAtExit) return;
    this.#acceptedAtExit = this.#pipeline.accepted;
    void this.flush().then(() => this.#pipeline.release());
  }
}
