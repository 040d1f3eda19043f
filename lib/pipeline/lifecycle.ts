import type { Ledger } from '../accumulator/ledger.ts';
import type { Channels } from '../observe/channels.ts';
import type { DeliveryReports } from '../observe/delivery-reports.ts';
import type { StatsCollector } from '../observe/stats-collector.ts';
import type { Warnings } from '../observe/warnings.ts';
import { isOver, MAX_FALLBACK_MS, type Unfinished } from '../process/process-exit.ts';
import type { SamplingNotice } from '../sampling/sampling-notice.ts';
import type { Sender } from '../sender/sender.ts';
import type { FlushReport } from '../sender/sender-options.ts';
import type { Spool } from '../spool/spool.ts';
import type { Clock } from '../time/clock.ts';
import type { DropNotice } from '../undelivered/drop-notice.ts';
import type { FallbackWrites } from '../undelivered/fallback-writes.ts';

// For so long after a signal it is taken for the reason why the process ends: Kubernetes kills after it. A process may also outlive one.
const SIGNAL_MS = 30_000;

// Of what a logger holds back, this many go through its formats in one turn of the event loop: a millisecond, as a rule.
const MAX_HANDED_OVER = 100;

/** Hears whether there is something that the end of the process must not come before. */
export interface WorkListener {
  /** The first record comes, also one of the transport's own; or the first is left out, of which a notice is to be sent. */
  onWork(): void;
  /** Nothing is left to send, and the connection was closed. */
  onIdle(): void;
}

/** The loggers of a transport. They hold records back while another transport of theirs pushes back. */
export interface HoldingLoggers {
  /** How many records they have taken, and not handed over. */
  readonly held: number;
  /** Has each of them hand over up to so many, to all of its transports. */
  handOver(maxRecords: number): void;
}

export interface LifecycleParts {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly sender: Sender;
  readonly spool: Spool | undefined;
  readonly dropNotice: DropNotice;
  readonly samplingNotice: SamplingNotice;
  readonly fallbackWrites: FallbackWrites;
  readonly deliveryReports: DeliveryReports;
  readonly warnings: Warnings;
  readonly statsCollector: StatsCollector;
  readonly channels: Channels;
  readonly closeTimeoutMs: number;
  readonly work: WorkListener;
  readonly loggers: HoldingLoggers;
}

/** Opened, flushed, closed, opened again: and what is done with the records that are left each time. */
export class Lifecycle implements Unfinished {
  readonly #parts: LifecycleParts;
  #isClosed = false;
  #closing: Promise<FlushReport> | undefined;
  /** How often it was opened again: a `close` that began before the last time must not end it. */
  #reopened = 0;
  /** When a signal has come, on the monotonic clock. */
  #signalledAt = Number.NEGATIVE_INFINITY;
  /** Called when Kafka turns out to be away. */
  readonly #onDown = new Set<() => void>();

  constructor(parts: LifecycleParts) {
    this.#parts = parts;
    // Not at once: whoever makes the transport has had no chance to listen for its `warn` yet.
    if (parts.spool !== undefined) parts.clock.soon(() => this.openSpool());
  }

  /** Records that are neither delivered nor dropped. */
  get unsettled(): number {
    return this.#parts.ledger.unsettled;
  }

  get everAccepted(): number {
    return this.#parts.ledger.everAccepted;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether a notice of what has been left out is still to be sent. */
  get hasUnsentNotice(): boolean {
    return this.#parts.samplingNotice.isPending;
  }

  /** The process ends: takes what winston still holds back, and sends the notice of what has been left out. */
  addLastRecords(): void {
    this.#parts.loggers.handOver(Number.POSITIVE_INFINITY);
    this.#sendSamplingNotice();
  }

  #sendSamplingNotice(): void {
    const { sender, samplingNotice } = this.#parts;
    if (!this.#isClosed && sender.state !== 'down') samplingNotice.sendNow();
  }

  openSpool(): void {
    const { spool, ledger } = this.#parts;
    // Closed at the end of the process, it takes more, and need take over nothing for that.
    if (this.#isClosed || spool === undefined || isOver()) return;
    if (!spool.isOpen) {
      // What it has left on disk for a signal that the process has survived is found again.
      ledger.disown();
      spool.open();
    }
    if (spool.scan === undefined) ledger.forgetDisowned();
  }

  /** Records that are dropped from now on stay in the spool. */
  keepDropped(): void {
    this.#parts.spool?.keepDropped();
  }

  /** Whether records get through has changed, or whether it is closed. */
  onState(): void {
    const { sender, ledger, statsCollector, channels, work } = this.#parts;
    const state = this.#isClosed ? 'closed' : sender.state;
    const before = statsCollector.state(state);
    if (before !== undefined) channels.stateChanged(before, state, sender.lastError);
    if (state === 'down') for (const listener of this.#onDown) listener();
    if (state === 'idle' && ledger.unsettled === 0) work.onIdle();
  }

  /** @param mayGiveUpEarly the process or its logger ends: it does not wait for long where no broker was ever there, or no topic */
  async flush(timeoutMs: number, mayGiveUpEarly: boolean = false): Promise<FlushReport> {
    const { clock, sender, spool } = this.#parts;
    this.openSpool();
    const until = clock.monotonic() + timeoutMs;
    if (timeoutMs > 0 && this.#areMoreToCome) await this.#takeHeld(until);
    return await sender.flush(Math.max(0, until - clock.monotonic()), spool?.scan, mayGiveUpEarly);
  }

  get #areMoreToCome(): boolean {
    return this.#parts.loggers.held > 0 && !this.#isClosed;
  }

  /** Takes what the loggers hold back, some in each turn of the event loop. Not at once: they may just be handing over a record. */
  async #takeHeld(until: number): Promise<void> {
    const { clock, loggers } = this.#parts;
    for (let left = loggers.held; left > 0 && this.#areMoreToCome && clock.monotonic() < until; ) {
      await new Promise<void>((resolve) => clock.soon(resolve));
      loggers.handOver(MAX_HANDED_OVER);
      left -= MAX_HANDED_OVER;
    }
  }

  /**
   * A signal has come: flushes, but waits no longer than until Kafka turns out to be away: not at all, where that is known. What a
   * busy application logs meanwhile is flushed too, until there is a moment when nothing is left, or the time is up.
   */
  async flushUnlessDown(timeoutMs: number): Promise<void> {
    const { ledger, sender, clock } = this.#parts;
    this.#sendSamplingNotice();
    this.#signalledAt = clock.monotonic();
    const until = this.#signalledAt + timeoutMs;
    do {
      if (this.#isClosed || sender.state === 'down') return;
      if (this.#areMoreToCome) await this.#takeHeld(until);
      if (ledger.unsettled === 0) return;
      await this.#flushUntilDown(Math.max(0, until - clock.monotonic()));
    } while (clock.monotonic() < until);
  }

  async #flushUntilDown(timeoutMs: number): Promise<void> {
    let onDown = (): void => undefined;
    const down = new Promise<void>((resolve) => {
      onDown = resolve;
    });
    this.#onDown.add(onDown);
    await Promise.race([this.flush(timeoutMs), down]);
    this.#onDown.delete(onDown);
  }

  /**
   * Flushes, gives up what is left, and closes the connections. Once closed, it stays so until `reopen`.
   *
   * @param mayGiveUpEarly as for `flush`
   */
  close(mayGiveUpEarly: boolean = false): Promise<FlushReport> {
    this.#closing ??= this.#close(mayGiveUpEarly);
    return this.#closing;
  }

  /** Takes records again: the transport was added to a logger after it had been closed, or while it was closing. */
  reopen(): void {
    this.#reopened++;
    this.#closing = undefined;
    if (!this.#isClosed) return;
    const { sender, spool, ledger, clock } = this.#parts;
    this.#isClosed = false;
    this.onState();
    sender.restart();
    if (spool === undefined) return;
    ledger.disown();
    clock.soon(() => this.openSpool());
  }

  /**
   * Gives up all that is left, because the process ends, and says so.
   *
   * @param isAtOnce whether it ends at once: the fallback gets all, though it has no time to call back
   */
  giveUp(isAtOnce: boolean = false): void {
    const { clock, ledger, sender, spool, fallbackWrites, deliveryReports, warnings } = this.#parts;
    const before = { closed: ledger.dropped.closed, handedOn: deliveryReports.handedOn };
    warnings.onGiveUp();
    // A listener may end the process: what goes to the spool has to be there before.
    warnings.deferWhile(() => sender.giveUp());
    if (isAtOnce) fallbackWrites.giveAll();
    const lost = ledger.dropped.closed - before.closed;
    if (lost === 0) return;
    const handedOn = deliveryReports.handedOn - before.handedOn;
    const isWritten = fallbackWrites.isDone ? 'written' : 'unwritten';
    // One that does not take all, by its level: those that it has taken are not lost.
    const untaken = lost - handedOn;
    const [count, fallback] = untaken > 0 ? ([untaken, 'none'] as const) : ([lost, isWritten] as const);
    const isBySignal = clock.monotonic() - this.#signalledAt < SIGNAL_MS;
    warnings.lostAtExit(count, sender.lastError?.message, fallback, isBySignal, spool !== undefined);
  }

  /** The process ends now: blocks for up to `timeoutMs`, where what is left can still be sent. */
  drainOnExit(timeoutMs: number): void {
    this.#parts.warnings.defer();
    this.#end(timeoutMs, true);
  }

  emitDeferredWarnings(): void {
    this.#parts.warnings.emitDeferred();
  }

  /** The process ends soon: as `drainOnExit`, and resolves when the fallback has written what it got, or the time is up. */
  async giveUpBeforeExit(): Promise<void> {
    this.#end(0, false);
    await this.#parts.fallbackWrites.done(MAX_FALLBACK_MS);
  }

  /** An exception ends the process next: flushes until Kafka turns out to be away, and gives up what is left while the fallback has time to write. */
  async flushAndGiveUp(timeoutMs: number): Promise<void> {
    if (this.#parts.sender.state !== 'down') await this.#flushUntilDown(timeoutMs);
    await this.giveUpBeforeExit();
  }

  #end(timeoutMs: number, isAtOnce: boolean): void {
    const { sender, spool, loggers } = this.#parts;
    loggers.handOver(Number.POSITIVE_INFINITY);
    sender.drainOnExit(timeoutMs);
    this.giveUp(isAtOnce);
    spool?.close();
  }

  /** Closes the connections without giving anything up. */
  async disconnect(): Promise<void> {
    await this.#parts.sender.disconnect();
  }

  async #close(mayGiveUpEarly: boolean): Promise<FlushReport> {
    const { clock, closeTimeoutMs, samplingNotice, dropNotice, sender, spool, ledger, warnings } =
      this.#parts;
    const reopened = this.#reopened;
    const deadline = clock.monotonic() + closeTimeoutMs;
    samplingNotice.sendNow();
    const { delivered, dropped, pending } = await this.flush(closeTimeoutMs, mayGiveUpEarly);
    if (pending === 0) {
      // The drop notice, in what is left of the time. Not before: in a full buffer it would take a record's place.
      dropNotice.send(true);
      await sender.flush(Math.max(0, deadline - clock.monotonic()));
    }
    // Added to a logger again in the meantime: then it goes on.
    if (this.#reopened !== reopened) return { delivered, dropped, pending };
    this.#isClosed = true;
    this.onState();
    dropNotice.stop();
    const stopped = warnings.deferWhile(() => sender.stop());
    // Before anything else can happen: opened again, what is on disk has to be taken over anew.
    spool?.close();
    const onDisk = Math.min(pending, ledger.spooledWaiting);
    await stopped;
    // The process may end next.
    await this.#parts.fallbackWrites.done(MAX_FALLBACK_MS);
    return { delivered, dropped: dropped + pending - onDisk, pending: onDisk };
  }
}
