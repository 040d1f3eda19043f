import type { EventEmitter } from 'node:events';
import { clientSource } from './clients/client-source.ts';
import type { Clock } from './util/clock.ts';
import { Ledger } from './accumulator/ledger.ts';
import { murmur2Partition } from './clients/kafkajs/partitioner.ts';
import type { PendingRecord } from './record/record.ts';
import { Shipper } from './sender/sender.ts';
import type { FlushReport } from './sender/sender-options.ts';
import { type Admission, Intake } from './record/record-factory.ts';
import { LoopNet } from './loop-detector/loop-detection.ts';
import { Channels, type SuppressionReason } from './observe/channels.ts';
import { Observation } from './observe/stats-collector.ts';
import type { TransportStats } from './observe/stats.ts';
import { Trouble } from './observe/warnings.ts';
import { infoOf, Outcomes } from './observe/delivery-reports.ts';
import { isUntold } from './loop-safety/guard.ts';
import type { Info, Mark } from './winston/logger-tap.ts';
import type { ResolvedOptions } from './options/resolve.ts';
import { Spool, type SpoolOptions } from './spool/spool.ts';
import type { SpanContext } from './util/open-telemetry-api.ts';
import type { Levels } from './util/triple-beam.ts';
import { type DropCounts, describeDrops } from './undelivered/drop-notice.ts';
import { DropTeller } from './undelivered/drop-teller.ts';

/** Everything between winston's face and the Kafka client: takes infos in, and answers for what becomes of them. */
export class Pipeline {
  readonly #options: ResolvedOptions;
  readonly #emitter: EventEmitter;
  readonly #clock: Clock;
  readonly #ledger = new Ledger();
  readonly #shipper: Shipper;
  readonly #intake: Intake;
  readonly #loopNet: LoopNet;
  readonly #spool: Spool | undefined;
  readonly #outcomes: Outcomes;
  readonly #drops: DropTeller;
  #levels: Levels | undefined;
  #isClosed = false;
  #closing: Promise<FlushReport> | undefined;
  /** Called when Kafka turns out to be away. */
  readonly #onDown = new Set<() => void>();
  /** How often it was opened again: a `close` that began before the last time must not end it. */
  #reopened = 0;
  readonly trouble: Trouble;
  readonly observation: Observation;
  readonly channels: Channels;
  readonly suppressed: TransportStats['suppressed'] = { reentrant: 0, filtered: 0, loop: 0 };

  constructor(options: ResolvedOptions, emitter: EventEmitter, clock: Clock) {
    this.#options = options;
    this.#emitter = emitter;
    this.#clock = clock;
    this.trouble = new Trouble(emitter, clock);
    this.observation = new Observation(clock);
    this.channels = new Channels(emitter, (error) => this.trouble.listenerFailed(error));
    const { trouble, observation, channels } = this;
    this.#outcomes = new Outcomes({ ...options, emitter, trouble, observation, channels });
    this.#intake = new Intake(options, this.trouble, clock);
    this.#loopNet = new LoopNet(options, clock, (loop) => this.#outcomes.loopFound(loop));
    this.#spool = options.spool && this.#makeSpool(options.spool);
    this.#shipper = new Shipper(
      {
        ...options,
        clock,
        random: Math.random,
        ledger: this.#ledger,
        gate: this.#loopNet.gate,
        spool: this.#spool,
        partitionOfKey: murmur2Partition(),
        source: (onPartitions) => clientSource(options, clock, onPartitions),
      },
      {
        onDelivered: (records) => {
          this.#outcomes.delivered(records);
          this.#drops.tell(false);
        },
        onDropped: (record, reason, cause) => {
          this.#drops.noteDropped(record, reason);
          this.#outcomes.dropped(record, reason, cause);
        },
        onHeld: (held) => this.trouble.held(held),
        onOutage: (cause, unreachable) => this.trouble.outage(cause, unreachable),
        onState: () => this.#noteState(),
        onAnswer: (batch, verdict, ...rest) => {
          channels.batchAnswered(batch, verdict, ...rest);
          if (verdict.kind === 'bisect' && verdict.refused === 'timestamp')
            this.trouble.retimed(batch.topic, verdict.cause);
        },
      },
    );
    this.#drops = new DropTeller({
      clock,
      canTell: () => options.dropNotice && !this.#isClosed && this.#shipper.state !== 'down',
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

  /** Takes an info in. The application is waiting, so all else happens later. */
  admit(info: Info, levels: Levels | undefined, mark: Mark | undefined, span: SpanContext | undefined): void {
    this.#levels = levels;
    const keepInfo = this.#emitter.listenerCount('logged') > 0;
    const admission = this.#intake.admit(info, levels, mark?.site, span, keepInfo);
    if (admission.kind === 'filtered') this.suppress('filtered', info);
    else if (admission.kind === 'record' && this.#loopNet.catches(admission.record, info, mark?.site)) {
      this.suppress('loop', info, mark);
      this.#outcomes.caught(admission.record);
    } else this.#add(admission);
  }

  /** An info that could not even be read, such as one with throwing getters. */
  admitUnreadable(cause: unknown): void {
    this.#add({ kind: 'invalid', record: this.#intake.unreadable(), cause });
  }

  /** Keeps an info from Kafka on purpose. @param mark what it carries, where that was read */
  suppress(reason: SuppressionReason, info: Info, mark?: Mark): void {
    this.suppressed[reason]++;
    if (!(mark?.isUntold ?? isUntold())) this.channels.recordSuppressed(info, reason);
  }

  /** @param isLast the process ends: not for long, where no broker was ever there */
  async flush(timeoutMs: number, isLast: boolean = false): Promise<FlushReport> {
    this.#openSpool();
    return await this.#shipper.flush(timeoutMs, this.#spool?.scan, isLast);
  }

  /** Flushes, but waits no longer than until Kafka turns out to be away: not at all, where that is known. */
  async flushUnlessDown(timeoutMs: number): Promise<void> {
    if (this.#ledger.unsettled === 0 || this.#shipper.state === 'down') return;
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
    this.#noteState();
    this.#shipper.restart();
    if (this.#spool === undefined) return;
    this.#ledger.disown();
    this.#clock.soon(() => this.#openSpool());
  }

  /** Gives up all that is left, because the process ends, and says so. */
  giveUp(): void {
    const { dropped } = this.#ledger;
    const before = dropped.closed;
    this.#shipper.giveUp();
    const lost = dropped.closed - before;
    if (lost === 0) return;
    this.trouble.lostAtExit(lost, this.#shipper.lastError?.message, this.#options.fallback !== undefined);
  }

  /** The process ends now: blocks for up to `timeoutMs`, where what is left can still be sent. */
  exit(timeoutMs: number): void {
    if (this.#ledger.held > 0) this.#shipper.bequeath(timeoutMs);
    this.giveUp();
    this.#spool?.close();
  }

  /** Closes the connections without giving anything up. */
  async release(): Promise<void> {
    await this.#shipper.release();
  }

  isReady(maxAgeMs: number): boolean {
    return this.observation.isReady(maxAgeMs, this.#ledger.unsettled > 0, this.#shipper.lastError?.at);
  }

  stats(): TransportStats {
    const { accepted, delivered, retimed, dropped, spooled, replayed, queued, queuedBytes, inFlight } =
      this.#ledger;
    const { held, heldBytes } = this.#ledger;
    const { sends, retries, reconnects, lastError } = this.#shipper;
    const { maxRecords, maxBytes } = this.#options.buffer;
    return {
      ...this.observation.stats,
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
      loops: this.#loopNet.found,
      callbackFailures: { ...this.trouble.callbackFailures },
      lastError: lastError === null ? null : { ...lastError },
    };
  }

  #add(admission: Exclude<Admission, { kind: 'filtered' }>): void {
    // What an earlier process has left goes first.
    this.#openSpool();
    this.observation.accepted(admission.record);
    if (this.#ledger.unsettled === 0) this.observation.waiting();
    if (admission.kind === 'record') this.#shipper.add(admission.record);
    else this.#shipper.refuse(admission.record, 'invalid', admission.cause);
  }

  #noteState(): void {
    const state = this.#isClosed ? 'closed' : this.#shipper.state;
    const before = this.observation.state(state);
    if (before !== undefined) this.channels.stateChanged(before, state, this.#shipper.lastError);
    if (state === 'down') for (const listener of this.#onDown) listener();
  }

  async #close(isLast: boolean): Promise<FlushReport> {
    const reopened = this.#reopened;
    const { closeTimeoutMs } = this.#options;
    const deadline = this.#clock.monotonic() + closeTimeoutMs;
    const { delivered, dropped, pending } = await this.flush(closeTimeoutMs, isLast);
    if (pending === 0) {
      // The drop notice, in what is left of the time. Not before: in a full buffer it would take a record's place.
      this.#drops.tell(true);
      await this.#shipper.flush(Math.max(0, deadline - this.#clock.monotonic()));
    }
    // Added to a logger again in the meantime: then it goes on.
    if (this.#reopened !== reopened) return { delivered, dropped, pending };
    this.#isClosed = true;
    this.#noteState();
    this.#drops.stop();
    const stopped = this.#shipper.stop();
    // Before anything else can happen: opened again, what is on disk has to be taken over anew.
    this.#spool?.close();
    const onDisk = Math.min(pending, this.#ledger.spooledWaiting);
    await stopped;
    return { delivered, dropped: dropped + pending - onDisk, pending: onDisk };
  }

  #makeSpool(options: SpoolOptions): Spool {
    const ledger = this.#ledger;
    return new Spool(options, this.#clock, {
      onAdopted: (count, positions) => {
        if (ledger.unsettled === 0) this.observation.waiting();
        return ledger.adopt(count, positions);
      },
      onDamaged: (stretches) => {
        // How many records were there nobody can tell: each stretch counts as one.
        ledger.adopt(stretches);
        ledger.loseSpooled(stretches);
        this.trouble.spoolDamaged(stretches);
      },
      onLost: (count) => {
        ledger.loseSpooled(count);
        this.trouble.spoolDamaged(1);
      },
      onTrouble: (cause) => this.trouble.spoolFailed(cause),
      onWork: () => this.#shipper.noteWork(),
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
    const message = `winston-kafkajs: ${describeDrops(counts)}`;
    const dropped = { total: counts.total, ...counts.byReason };
    const text = JSON.stringify({ level, message, dropped });
    const admission = this.#intake.admitOwn({ ...infoOf(level, text), message, dropped }, level, text);
    return admission.kind === 'record' ? admission.record : undefined;
  }
}
