import type { EventEmitter } from 'node:events';
import type { Clock, Timer } from './clock.ts';
import { callersSource } from './delivery/callers-client.ts';
import type { ClientSource, PartitionsListener } from './delivery/client.ts';
import { kafkajsSource } from './delivery/kafkajs-client.ts';
import { Ledger } from './delivery/ledger.ts';
import { murmur2Partition } from './delivery/partitioner.ts';
import type { DropReason, PendingRecord } from './delivery/record.ts';
import { Shipper } from './delivery/shipper.ts';
import type { FlushReport } from './delivery/shipper-options.ts';
import { type Admission, Intake } from './intake.ts';
import { evidenceOf, type Loop, LoopNet, remedyForLoop } from './loop-net.ts';
import { Distribution } from './observe/distribution.ts';
import { emitSafely } from './observe/safe-emit.ts';
import type { TransportStats } from './observe/stats.ts';
import { Trouble } from './observe/trouble.ts';
import type { CallSite } from './recursion/call-site.ts';
import type { Info } from './recursion/logger-tap.ts';
import type { ResolvedOptions } from './resolve-options.ts';
import { Spool, type SpoolOptions } from './spool/spool.ts';
import { LEVEL, type Levels, MESSAGE } from './triple-beam.ts';
import { type DropCounts, DropNotice, describeDrops } from './undelivered/drop-notice.ts';
import { handOn, type UndeliveredReason } from './undelivered/fallback.ts';

// While records keep being dropped, the topic hears of it this often.
const NOTICE_INTERVAL_MS = 10_000;

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
  readonly #latency = new Distribution();
  readonly #notice = new DropNotice(NOTICE_INTERVAL_MS);
  /** What the notices that are on their way have to tell. */
  readonly #notices = new WeakMap<PendingRecord, DropCounts>();
  #noticeTimer: Timer | undefined;
  #levels: Levels | undefined;
  #isClosed = false;
  #closing: Promise<FlushReport> | undefined;
  /** How often it was opened again: a `close` that began before the last time must not end it. */
  #reopened = 0;
  readonly trouble: Trouble;
  readonly handlerTime: Distribution = new Distribution();
  readonly suppressed: TransportStats['suppressed'] = { reentrant: 0, filtered: 0, loop: 0 };

  constructor(options: ResolvedOptions, emitter: EventEmitter, clock: Clock) {
    this.#options = options;
    this.#emitter = emitter;
    this.#clock = clock;
    this.trouble = new Trouble(emitter, clock);
    this.#intake = new Intake(options, this.trouble, clock);
    this.#loopNet = new LoopNet(options, clock, (loop) => this.#onLoop(loop));
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
        source: (onPartitions) => sourceOf(options, onPartitions),
      },
      {
        onDelivered: (records) => this.#onDelivered(records),
        onDropped: (record, reason, cause) => this.#onDropped(record, reason, cause),
        onOutage: (cause, unreachable) => this.trouble.outage(cause, unreachable),
      },
    );
    // Not at once: whoever makes the transport has had no chance to listen for its `warn` yet.
    if (this.#spool !== undefined) clock.soon(() => this.#openSpool());
  }

  /** Records that are neither delivered nor dropped. */
  get held(): number {
    return this.#ledger.unsettled;
  }

  get accepted(): number {
    return this.#ledger.accepted;
  }

  /** Takes an info in. The application is waiting, so all else happens later. */
  admit(info: Info, levels: Levels | undefined, origin: CallSite | undefined): void {
    this.#levels = levels;
    const keepInfo = this.#emitter.listenerCount('logged') > 0;
    const admission = this.#intake.admit(info, levels, origin, keepInfo);
    if (admission.kind === 'record' && this.#loopNet.catches(admission.record, info, origin)) {
      this.suppressed.loop++;
      this.#handOn(admission.record, 'loop', undefined);
    } else this.#add(admission);
  }

  /** An info that could not even be read, such as one with throwing getters. */
  admitUnreadable(cause: unknown): void {
    this.#shipper.refuse(this.#intake.unreadable(), 'invalid', cause);
  }

  async flush(timeoutMs: number): Promise<FlushReport> {
    this.#openSpool();
    return await this.#shipper.flush(timeoutMs, this.#spool?.scan);
  }

  /** Flushes, gives up what is left, and closes the connections. Once closed, it stays so until `reopen`. */
  close(): Promise<FlushReport> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Takes records again: the transport was added to a logger after it had been closed, or while it was closing. */
  reopen(): void {
    this.#reopened++;
    this.#closing = undefined;
    if (!this.#isClosed) return;
    this.#isClosed = false;
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

  /** The process ends now. */
  exit(): void {
    this.giveUp();
    this.#spool?.close();
  }

  /** Closes the connections without giving anything up. */
  async release(): Promise<void> {
    await this.#shipper.release();
  }

  stats(): TransportStats {
    const { accepted, delivered, dropped, spooled, replayed, queued, queuedBytes, inFlight } = this.#ledger;
    const { sends, retries, reconnects, lastError, state } = this.#shipper;
    return {
      state: this.#isClosed ? 'closed' : state,
      accepted,
      delivered,
      suppressed: { ...this.suppressed },
      dropped: { ...dropped },
      spooled,
      replayed,
      buffered: { records: queued, bytes: queuedBytes },
      inFlight,
      sends,
      retries,
      reconnects,
      loops: this.#loopNet.found,
      latencyMs: this.#latency.percentiles,
      handlerMicros: this.handlerTime.percentiles,
      callbackFailures: { ...this.trouble.callbackFailures },
      lastError: lastError === null ? null : { ...lastError },
    };
  }

  #add(admission: Admission): void {
    // What an earlier process has left goes first.
    this.#openSpool();
    if (admission.kind === 'record') this.#shipper.add(admission.record);
    else if (admission.kind === 'invalid') this.#shipper.refuse(admission.record, 'invalid', admission.cause);
    else this.suppressed.filtered++;
  }

  async #close(): Promise<FlushReport> {
    const reopened = this.#reopened;
    const { closeTimeoutMs } = this.#options;
    const deadline = this.#clock.monotonic() + closeTimeoutMs;
    const { delivered, dropped, pending } = await this.flush(closeTimeoutMs);
    if (pending === 0) {
      // The drop notice, in what is left of the time. Not before: in a full buffer it would take a record's place.
      this.#tellDrops(true);
      await this.#shipper.flush(Math.max(0, deadline - this.#clock.monotonic()));
    }
    // Added to a logger again in the meantime: then it goes on.
    if (this.#reopened !== reopened) return { delivered, dropped, pending };
    this.#isClosed = true;
    this.#clock.cancel(this.#noticeTimer);
    this.#noticeTimer = undefined;
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
      onAdopted: (count, positions) => ledger.adopt(count, positions),
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

  #onDelivered(records: readonly PendingRecord[]): void {
    const now = this.#clock.wall();
    for (const record of records) {
      this.#latency.record(now - record.time);
      if (this.#emitter.listenerCount('logged') > 0) {
        const info = record.info ?? infoOf(record.level, record.text);
        emitSafely(this.#emitter, 'logged', info, (error) => this.trouble.listenerFailed(error));
      }
      record.text = '';
      record.info = undefined;
    }
    this.#tellDrops(false);
  }

  #onDropped(record: PendingRecord, reason: DropReason, cause: unknown): void {
    this.#notice.note(reason);
    const untold = this.#notices.get(record);
    // The notice itself had to give way: its counts go into the next one.
    if (untold !== undefined) this.#notice.restore(untold);
    this.#handOn(record, reason, cause);
    this.trouble.dropped(reason, record.topic, cause);
  }

  #handOn(record: PendingRecord, reason: UndeliveredReason, cause: unknown): void {
    const { fallback } = this.#options;
    if (fallback === undefined) return;
    handOn(fallback, record, reason, cause, (error) =>
      this.trouble.callback('fallback', error, 'what it was given is lost, and counted'),
    );
  }

  #onLoop(loop: Loop): void {
    this.trouble.loop(loop.kind, evidenceOf(loop), remedyForLoop(loop));
  }

  /** Lets the topic know that records are missing from it, unless nothing gets through: then the next success will. */
  #tellDrops(isLast: boolean): void {
    if (!this.#options.dropNotice || this.#isClosed || this.#shipper.state === 'down') return;
    const counts = this.#notice.take(this.#clock.monotonic(), isLast);
    if (counts !== undefined) this.#tell(counts);
    else if (this.#notice.isPending) {
      this.#noticeTimer ??= this.#clock.after(NOTICE_INTERVAL_MS, () => {
        this.#noticeTimer = undefined;
        this.#tellDrops(false);
      });
    }
  }

  #tell(counts: DropCounts): void {
    // syslog's levels have no `warn`.
    const isSyslog = this.#levels !== undefined && !('warn' in this.#levels) && 'warning' in this.#levels;
    const level = isSyslog ? 'warning' : 'warn';
    const message = `winston-kafkajs: ${describeDrops(counts)}`;
    const dropped = { total: counts.total, ...counts.byReason };
    const text = JSON.stringify({ level, message, dropped });
    const admission = this.#intake.admitOwn({ ...infoOf(level, text), message, dropped }, level, text);
    // Without a topic there is nobody to tell: no record of the application's is lost by that, so none is counted.
    if (admission.kind !== 'record') return;
    this.#notices.set(admission.record, counts);
    this.#add(admission);
  }
}

function infoOf(level: string, text: string): Info {
  return { level, message: text, [LEVEL]: level, [MESSAGE]: text };
}

function sourceOf(options: ResolvedOptions, onPartitions: PartitionsListener): ClientSource {
  const { client } = options;
  return client.kind === 'own'
    ? kafkajsSource({ ...options, ...client, onPartitions, random: Math.random })
    : callersSource({ ...client, compression: options.compression });
}
