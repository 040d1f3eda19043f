import type { EventEmitter } from 'node:events';
import { Ledger } from './accumulator/ledger.ts';
import { clientSource, pathOf } from './clients/client-source.ts';
import { LoopDetection } from './loop-detector/loop-detection.ts';
import { isUnreported } from './loop-safety/guard.ts';
import { Channels, type SuppressionReason } from './observe/channels.ts';
import { DeliveryReports, infoOf } from './observe/delivery-reports.ts';
import type { TransportStats } from './observe/stats.ts';
import { StatsCollector } from './observe/stats-collector.ts';
import { Warnings } from './observe/warnings.ts';
import type { ResolvedOptions } from './options/resolve.ts';
import type { PendingRecord } from './record/record.ts';
import { type Admission, type Admittance, RecordFactory } from './record/record-factory.ts';
import { Serializer } from './record/serializer.ts';
import { type SamplingOptions, samplingOf } from './sampling/sampling.ts';
import { describeSampled, type SampledCounts, SamplingNotice } from './sampling/sampling-notice.ts';
import { Sender } from './sender/sender.ts';
import type { FlushReport } from './sender/sender-options.ts';
import { Spool, type SpoolOptions } from './spool/spool.ts';
import { type DropCounts, describeDrops } from './undelivered/drop-notice.ts';
import { DropNoticeSchedule } from './undelivered/drop-notice-schedule.ts';
import { FallbackWrites } from './undelivered/fallback-writes.ts';
import type { Clock } from './util/clock.ts';
import { type Info, LEVEL, type Levels } from './util/info.ts';
import { partitionOfKey } from './util/murmur2.ts';
import type { SpanContext } from './util/open-telemetry-api.ts';
import type { Mark } from './winston/logger-tap.ts';
import { isWritten } from './winston/workarounds.ts';

// How long the end may be put off for the fallback to write what it has just got.
const MAX_FALLBACK_MS = 1_000;

// How often the flush on a signal is repeated, for what has come in the meantime: a flood has no end.
const MAX_FLUSHES = 20;

/** Hears whether there is something that the end of the process must not come before. */
export interface WorkListener {
  /** The first record comes, also one of the transport's own; or the first is left out, which the topic is to be told. */
  onWork(): void;
  /** Nothing is left to send, and the connection was closed. */
  onIdle(): void;
}

/** Everything between winston's face and the Kafka client: takes infos in, and answers for what becomes of them. */
export class Pipeline {
  readonly #options: ResolvedOptions;
  readonly #emitter: EventEmitter;
  readonly #work: WorkListener | undefined;
  readonly #clock: Clock;
  readonly #ledger = new Ledger();
  readonly #sender: Sender;
  readonly #recordFactory: RecordFactory;
  readonly #loopDetection: LoopDetection;
  readonly #spool: Spool | undefined;
  readonly #deliveryReports: DeliveryReports;
  readonly #fallbackWrites: FallbackWrites;
  readonly #drops: DropNoticeSchedule;
  readonly #samplingNotice: SamplingNotice;
  #levels: Levels | undefined;
  #isClosed = false;
  #closing: Promise<FlushReport> | undefined;
  /** Called when Kafka turns out to be away. */
  readonly #onDown = new Set<() => void>();
  /** How often it was opened again: a `close` that began before the last time must not end it. */
  #reopened = 0;
  readonly warnings: Warnings;
  readonly statsCollector: StatsCollector;
  readonly channels: Channels;
  readonly suppressed: TransportStats['suppressed'] = { reentrant: 0, filtered: 0, loop: 0, sampled: 0 };

  constructor(options: ResolvedOptions, emitter: EventEmitter, clock: Clock, work?: WorkListener) {
    this.#options = options;
    this.#work = work;
    this.#emitter = emitter;
    this.#clock = clock;
    this.warnings = new Warnings(emitter, clock);
    this.statsCollector = new StatsCollector(clock, pathOf(options.client));
    this.channels = new Channels(emitter, (error) => this.warnings.listenerFailed(error));
    const { warnings, statsCollector, channels } = this;
    this.#fallbackWrites = new FallbackWrites(options.fallback, clock, isWritten);
    const { fallback } = options;
    this.#deliveryReports = new DeliveryReports({
      emitter,
      fallback,
      fallbackWrites: this.#fallbackWrites,
      levels: () => this.#levels ?? options.levels ?? {},
      warnings,
      statsCollector,
      channels,
    });
    this.#recordFactory = new RecordFactory(
      { ...options, ...this.#admittance(options) },
      this.warnings,
      clock,
    );
    this.#samplingNotice = new SamplingNotice(clock, (counts) => this.#tellSampled(counts));
    this.#loopDetection = new LoopDetection(options, clock, (loop) => this.#deliveryReports.loopFound(loop));
    this.#spool = options.spool && this.#makeSpool(options.spool);
    this.#sender = new Sender(
      {
        ...options,
        clock,
        random: Math.random,
        ledger: this.#ledger,
        gate: this.#loopDetection.gate,
        spool: this.#spool,
        serializer: options.serialize && new Serializer(options.serialize, this.warnings),
        partitionOfKey,
        source: (onPartitions) =>
          clientSource(options, clock, {
            onPartitions,
            onPath: (path) => statsCollector.onPath(path),
            onThrottle: (ms) => statsCollector.onThrottle(ms),
          }),
      },
      {
        onDelivered: (records) => {
          this.#deliveryReports.delivered(records);
          this.#drops.tell(false);
        },
        onDropped: (record, reason, cause) => {
          this.#drops.onDropped(record, reason);
          this.#deliveryReports.dropped(record, reason, cause);
        },
        onHeld: (held) => this.warnings.held(held),
        onOutage: (...outage) => this.warnings.outage(...outage),
        onSerializerOutage: (cause) => this.warnings.serializerOutage(cause),
        onState: () => this.#onState(),
        onAnswer: (batch, result, ...rest) => {
          channels.batchAnswered(batch, result, ...rest);
          if (result.kind === 'bisect' && result.refused === 'timestamp')
            this.warnings.retimed(batch.topic, result.cause);
        },
      },
    );
    this.#drops = new DropNoticeSchedule({
      clock,
      canTell: () => options.dropNotice && !this.#isClosed && this.#sender.state !== 'down',
      make: (counts) => this.#makeNotice(counts),
      send: (record) => this.#add({ kind: 'record', record }),
    });
    // Not at once: whoever makes the transport has had no chance to listen for its `warn` yet.
    if (this.#spool !== undefined) clock.soon(() => this.#openSpool());
  }

  /** Records that are neither delivered nor dropped. */
  get held(): number {
    return this.#ledger.unsettled;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get accepted(): number {
    return this.#ledger.accepted;
  }

  /** Whether the end of the process would find something to tell. */
  get hasUntold(): boolean {
    return this.#samplingNotice.isPending;
  }

  /** The process ends: what has been left out since the topic was last told. */
  tellLast(): void {
    if (!this.#isClosed && this.#sender.state !== 'down') this.#samplingNotice.tellNow();
  }

  /** Takes an info in. The application is waiting, so all else happens later. */
  admit(info: Info, levels: Levels | undefined, mark: Mark | undefined, span: SpanContext | undefined): void {
    this.#levels = levels;
    const keepInfo = this.#emitter.listenerCount('logged') > 0;
    const admission = this.#recordFactory.admit(info, levels, mark?.site, span, keepInfo);
    if (admission.kind === 'filtered') this.suppress('filtered', info);
    else if (admission.kind === 'sampled') {
      this.suppress('sampled', info);
      if (!this.#samplingNotice.isPending && !this.#isClosed) this.#work?.onWork();
      this.#samplingNotice.add(String(info[LEVEL] ?? info.level));
    } else if (
      admission.kind === 'record' &&
      this.#loopDetection.catches(admission.record, info, mark?.site)
    ) {
      this.suppress('loop', info, mark);
      this.#deliveryReports.caught(admission.record);
    } else this.#add(admission);
  }

  /** Which records are wanted from now on. */
  admitOnly(options: SamplingOptions & Pick<Admittance, 'filter'>): void {
    this.#recordFactory.admittance = this.#admittance(options);
  }

  /** An info that could not even be read, such as one with throwing getters. */
  admitUnreadable(cause: unknown): void {
    this.#add({ kind: 'invalid', record: this.#recordFactory.unreadable(), cause });
  }

  /** Keeps an info from Kafka on purpose. @param mark what it carries, where that was read */
  suppress(reason: SuppressionReason, info: Info, mark?: Mark): void {
    this.suppressed[reason]++;
    if (!(mark?.isUnreported ?? isUnreported())) this.channels.recordSuppressed(info, reason);
  }

  /** @param isLast the process ends: not for long, where no broker was ever there */
  async flush(timeoutMs: number, isLast: boolean = false): Promise<FlushReport> {
    this.#openSpool();
    return await this.#sender.flush(timeoutMs, this.#spool?.scan, isLast);
  }

  /**
   * Flushes, but waits no longer than until Kafka turns out to be away: not at all, where that is known. What a busy application
   * logs meanwhile is flushed too, some times: most often there is a moment when nothing is left.
   */
  async flushUnlessDown(timeoutMs: number): Promise<void> {
    this.tellLast();
    const { monotonic } = this.#clock;
    const until = monotonic() + timeoutMs;
    for (let times = 0; times < MAX_FLUSHES && (times === 0 || monotonic() < until); times++) {
      if (this.#ledger.unsettled === 0 || this.#sender.state === 'down') return;
      await this.#flushUntilDown(Math.max(0, until - monotonic()));
    }
  }

  async #flushUntilDown(timeoutMs: number): Promise<void> {
    let onDown: (() => void) | undefined;
    const down = new Promise<void>((resolve) => {
      onDown = resolve;
      this.#onDown.add(resolve);
    });
    await Promise.race([this.flush(timeoutMs), down]);
    if (onDown !== undefined) this.#onDown.delete(onDown);
  }

  /**
   * Flushes, gives up what is left, and closes the connections. Once closed, it stays so until `reopen`.
   *
   * @param isLast as for `flush`
   */
  close(isLast: boolean = false): Promise<FlushReport> {
    this.#closing ??= this.#close(isLast);
    return this.#closing;
  }

  /** Takes records again: the transport was added to a logger after it had been closed, or while it was closing. */
  reopen(): void {
    this.#reopened++;
    this.#closing = undefined;
    if (!this.#isClosed) return;
    this.#isClosed = false;
    this.#onState();
    this.#sender.restart();
    if (this.#spool === undefined) return;
    this.#ledger.disown();
    this.#clock.soon(() => this.#openSpool());
  }

  /** Gives up all that is left, because the process ends, and says so. */
  giveUp(): void {
    const { dropped } = this.#ledger;
    const before = { closed: dropped.closed, handedOn: this.#deliveryReports.handedOn };
    this.#sender.giveUp();
    const lost = dropped.closed - before.closed;
    if (lost === 0) return;
    const handedOn = this.#deliveryReports.handedOn - before.handedOn;
    const isWritten = this.#fallbackWrites.isDone ? 'written' : 'unwritten';
    // One that does not take all, by its level: those that it has taken are not lost.
    const untaken = lost - handedOn;
    const [count, fallback] = untaken > 0 ? ([untaken, 'none'] as const) : ([lost, isWritten] as const);
    this.warnings.lostAtExit(count, this.#sender.lastError?.message, fallback);
  }

  /** The process ends now: blocks for up to `timeoutMs`, where what is left can still be sent. */
  exit(timeoutMs: number): void {
    if (this.#ledger.held > 0) this.#sender.drainOnExit(timeoutMs);
    this.giveUp();
    this.#spool?.close();
  }

  /** The process ends soon: as `exit`, and resolves when the fallback has written what it got, or the time is up. */
  async exitSoon(): Promise<void> {
    this.exit(0);
    await this.#fallbackWrites.done(MAX_FALLBACK_MS);
  }

  /** Closes the connections without giving anything up. */
  async release(): Promise<void> {
    await this.#sender.release();
  }

  isReady(maxAgeMs: number): boolean {
    return this.statsCollector.isReady(maxAgeMs, this.#ledger.unsettled > 0, this.#sender.lastError?.at);
  }

  stats(): TransportStats {
    const { accepted, delivered, retimed, dropped, spooled, replayed, queued, queuedBytes, inFlight } =
      this.#ledger;
    const { held, heldBytes } = this.#ledger;
    const { sends, retries, reconnects, lastError } = this.#sender;
    const { maxRecords, maxBytes } = this.#options.buffer;
    return {
      ...this.statsCollector.stats,
      accepted,
      delivered,
      retimed,
      suppressed: { ...this.suppressed },
      dropped: { ...dropped },
      spooled,
      replayed,
      buffered: { records: queued, bytes: queuedBytes },
      memory: { records: held, bytes: heldBytes, maxRecords, maxBytes },
      inFlight,
      sends,
      retries,
      reconnects,
      loops: this.#loopDetection.found,
      callbackFailures: { ...this.warnings.callbackFailures },
      lastError: lastError === null ? null : { ...lastError },
    };
  }

  #admittance({ filter, ...options }: SamplingOptions & Pick<Admittance, 'filter'>): Admittance {
    return { filter, sampling: samplingOf(options, this.#clock.monotonic, Math.random) };
  }

  #add(admission: Exclude<Admission, { kind: 'filtered' } | { kind: 'sampled' }>): void {
    // What an earlier process has left goes first.
    this.#openSpool();
    this.statsCollector.accepted(admission.record);
    if (this.#ledger.unsettled === 0) {
      this.statsCollector.waiting();
      this.#work?.onWork();
    }
    if (admission.kind === 'record') this.#sender.add(admission.record);
    else this.#sender.acceptAndDrop(admission.record, admission.kind, admission.cause);
  }

  #onState(): void {
    const state = this.#isClosed ? 'closed' : this.#sender.state;
    const before = this.statsCollector.state(state);
    if (before !== undefined) this.channels.stateChanged(before, state, this.#sender.lastError);
    if (state === 'down') for (const listener of this.#onDown) listener();
    if (state === 'idle' && this.#ledger.unsettled === 0) this.#work?.onIdle();
  }

  async #close(isLast: boolean): Promise<FlushReport> {
    const reopened = this.#reopened;
    const { closeTimeoutMs } = this.#options;
    const deadline = this.#clock.monotonic() + closeTimeoutMs;
    this.#samplingNotice.tellNow();
    const { delivered, dropped, pending } = await this.flush(closeTimeoutMs, isLast);
    if (pending === 0) {
      // The drop notice, in what is left of the time. Not before: in a full buffer it would take a record's place.
      this.#drops.tell(true);
      await this.#sender.flush(Math.max(0, deadline - this.#clock.monotonic()));
    }
    // Added to a logger again in the meantime: then it goes on.
    if (this.#reopened !== reopened) return { delivered, dropped, pending };
    this.#isClosed = true;
    this.#onState();
    this.#drops.stop();
    const stopped = this.#sender.stop();
    // Before anything else can happen: opened again, what is on disk has to be taken over anew.
    this.#spool?.close();
    const onDisk = Math.min(pending, this.#ledger.spooledWaiting);
    await stopped;
    // The process may end next.
    await this.#fallbackWrites.done(MAX_FALLBACK_MS);
    return { delivered, dropped: dropped + pending - onDisk, pending: onDisk };
  }

  #makeSpool(options: SpoolOptions): Spool {
    const ledger = this.#ledger;
    return new Spool(options, this.#clock, {
      onAdopted: (count, positions) => {
        if (ledger.unsettled === 0) this.statsCollector.waiting();
        return ledger.adopt(count, positions);
      },
      onDamaged: (stretches) => {
        // How many records were there nobody can tell: each stretch counts as one.
        ledger.adopt(stretches);
        ledger.loseSpooled(stretches);
        this.warnings.spoolDamaged(stretches);
      },
      onLost: (count) => {
        ledger.loseSpooled(count);
        this.warnings.spoolDamaged(1);
      },
      onError: (cause) => this.warnings.spoolFailed(cause),
      onWork: () => this.#sender.onWork(),
    });
  }

  #openSpool(): void {
    if (!this.#isClosed) this.#spool?.open();
  }

  /** The record that tells the topic that others are missing from it. */
  #makeNotice(counts: DropCounts): PendingRecord | undefined {
    // syslog's levels have no `warn`.
    const isSyslog = this.#levels !== undefined && !('warn' in this.#levels) && 'warning' in this.#levels;
    const level = isSyslog ? 'warning' : 'warn';
    const dropped = { total: counts.total, ...counts.byReason };
    return this.#ownRecord(level, describeDrops(counts), { dropped });
  }

  #tellSampled({ total, byLevel }: SampledCounts): void {
    const sampled = { total, ...byLevel };
    const record = this.#ownRecord('info', describeSampled({ total, byLevel }), { sampled });
    if (record !== undefined) this.#add({ kind: 'record', record });
  }

  #ownRecord(level: string, what: string, facts: object): PendingRecord | undefined {
    const message = `winston-kafkajs: ${what}`;
    const text = JSON.stringify({ level, message, ...facts });
    const admission = this.#recordFactory.admitOwn(
      { ...infoOf(level, text), message, ...facts },
      level,
      text,
    );
    return admission.kind === 'record' ? admission.record : undefined;
  }
}
