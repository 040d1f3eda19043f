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

// A process that ends within this time after a signal counts as ended by it: Kubernetes kills after 30 s. Later, it has survived the signal.
const SIGNAL_MS = 30_000;

// How many held-back records a logger hands over in one turn of the event loop: about a millisecond's work for its formats.
const MAX_HANDED_OVER = 100;

/** Hears whether there is work that has to be finished before the process ends. */
export interface WorkListener {
  /** A record was accepted while nothing was left to send, or the first one was left out since the last sampling notice. */
  onWork(): void;
  /** Nothing is left to send, and the connection was closed. */
  onIdle(): void;
}

/** The loggers of a transport. They hold records back while another of their transports pushes back. */
export interface HoldingLoggers {
  /** How many records the loggers hold back. */
  readonly held: number;
  /** Makes each logger hand up to `maxRecords` records to all of its transports. */
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

/** Opens, flushes, closes and reopens the transport, and decides where the remaining records go each time. */
export class Lifecycle implements Unfinished {
  readonly #parts: LifecycleParts;
  #isClosed = false;
  #closing: Promise<FlushReport> | undefined;
  /** How often the transport was reopened: a `close` that began before the last reopening must not close it. */
  #reopened = 0;
  /** When the last signal came, on the monotonic clock. */
  #signalledAt = Number.NEGATIVE_INFINITY;
  /** Called when the state becomes `down`. */
  readonly #onDown = new Set<() => void>();

  constructor(parts: LifecycleParts) {
    this.#parts = parts;
    // Not in the constructor: the application has had no chance to listen for `warn` yet.
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

  /** Whether a sampling notice is still to be sent. */
  get hasUnsentNotice(): boolean {
    return this.#parts.samplingNotice.isPending;
  }

  /** Called when the process ends: takes what the loggers still hold back, and sends the sampling notice. */
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
    // At the end of the process the closed spool still takes records, and does not need to be opened for that.
    if (this.#isClosed || spool === undefined || isOver()) return;
    if (!spool.isOpen) {
      // The records that were written to disk for a signal which the process survived are found again by the scan.
      ledger.disown();
      spool.open();
    }
    if (spool.scan === undefined) ledger.forgetDisowned();
  }

  /** Records that are dropped from now on stay in the spool. */
  keepDropped(): void {
    this.#parts.spool?.keepDropped();
  }

  /** Called when the sender's state has changed, or the transport was closed or reopened. */
  onState(): void {
    const { sender, ledger, statsCollector, channels, work } = this.#parts;
    const state = this.#isClosed ? 'closed' : sender.state;
    const before = statsCollector.state(state);
    if (before !== undefined) channels.stateChanged(before, state, sender.lastError);
    if (state === 'down') for (const listener of this.#onDown) listener();
    if (state === 'idle' && ledger.unsettled === 0) work.onIdle();
  }

  /** @param mayGiveUpEarly whether it may stop waiting early if no broker was ever reached or only missing topics are left */
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

  /** Takes what the loggers hold back, some in each turn of the event loop; not in this one, which may be inside a logger's `read`. */
  async #takeHeld(until: number): Promise<void> {
    const { clock, loggers } = this.#parts;
    for (let left = loggers.held; left > 0 && this.#areMoreToCome && clock.monotonic() < until; ) {
      await new Promise<void>((resolve) => clock.soon(resolve));
      loggers.handOver(MAX_HANDED_OVER);
      left -= MAX_HANDED_OVER;
    }
  }

  /**
   * Called for a signal: flushes until the state is `down`, and not at all if it is already. Records that the application logs meanwhile
   * are flushed too, until nothing is left or the time is up.
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
   * Flushes, gives up what is left, and closes the connections. The transport then stays closed until `reopen`.
   *
   * @param mayGiveUpEarly as for `flush`
   */
  close(mayGiveUpEarly: boolean = false): Promise<FlushReport> {
    this.#closing ??= this.#close(mayGiveUpEarly);
    return this.#closing;
  }

  /** Accepts records again: the transport was added to a logger after it had been closed, or while it was closing. */
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
   * Gives up all that is left, because the process ends, and prints how many records are lost.
   *
   * @param isAtOnce whether the process ends in this turn: then the fallback gets all records without waiting for its callbacks
   */
  giveUp(isAtOnce: boolean = false): void {
    const { clock, ledger, sender, fallbackWrites, deliveryReports, warnings } = this.#parts;
    const before = { closed: ledger.dropped.closed, handedOn: deliveryReports.handedOn };
    warnings.onGiveUp();
    sender.giveUp();
    if (isAtOnce) fallbackWrites.giveAll();
    const lost = ledger.dropped.closed - before.closed;
    if (lost === 0) return;
    const handedOn = deliveryReports.handedOn - before.handedOn;
    const isWritten = fallbackWrites.isDone ? 'written' : 'unwritten';
    // The fallback may refuse some records by its level: only those are lost.
    const untaken = lost - handedOn;
    const [count, fallback] = untaken > 0 ? ([untaken, 'none'] as const) : ([lost, isWritten] as const);
    const isBySignal = clock.monotonic() - this.#signalledAt < SIGNAL_MS;
    warnings.lostAtExit(count, sender.lastError?.message, fallback, isBySignal);
  }

  /** The process ends now: blocks for up to `timeoutMs` if a worker thread can still send what is left. */
  drainOnExit(timeoutMs: number): void {
    this.#parts.warnings.defer();
    this.#end(timeoutMs, true);
  }

  emitDeferredWarnings(): void {
    this.#parts.warnings.emitDeferred();
  }

  /** The process ends soon: gives up what is left, and resolves when the fallback has written it, or the time is up. */
  async giveUpBeforeExit(): Promise<void> {
    this.#end(0, false);
    await this.#parts.fallbackWrites.done(MAX_FALLBACK_MS);
  }

  /** An exception ends the process next: flushes until the state is `down`, then gives up what is left while the fallback can still write it. */
  async flushAndGiveUp(timeoutMs: number): Promise<void> {
    const { ledger, sender } = this.#parts;
    if (sender.state !== 'down') await this.#flushUntilDown(timeoutMs);
    if (ledger.unsettled > 0) await this.giveUpBeforeExit();
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
    const { clock, closeTimeoutMs, samplingNotice, dropNotice, sender, spool, ledger } = this.#parts;
    const reopened = this.#reopened;
    const deadline = clock.monotonic() + closeTimeoutMs;
    samplingNotice.sendNow();
    const { delivered, dropped, pending } = await this.flush(closeTimeoutMs, mayGiveUpEarly);
    if (pending === 0) {
      // Send the drop notice in the remaining time; not earlier, because in a full buffer it would displace a record.
      dropNotice.send(true);
      await sender.flush(Math.max(0, deadline - clock.monotonic()));
    }
    // The transport was added to a logger again in the meantime, so it stays open.
    if (this.#reopened !== reopened) return { delivered, dropped, pending };
    this.#isClosed = true;
    this.onState();
    dropNotice.stop();
    const stopped = sender.stop();
    // Before the next await: a transport that is reopened has to take over its files again.
    spool?.close();
    const onDisk = Math.min(pending, ledger.spooledWaiting);
    await stopped;
    // The process may end after this, so wait for the fallback's writes.
    await this.#parts.fallbackWrites.done(MAX_FALLBACK_MS);
    return { delivered, dropped: dropped + pending - onDisk, pending: onDisk };
  }
}
