import { systemClock } from '../time/clock.ts';
import { type SignalSubscriber, subscribe, unsubscribe } from './signals.ts';

/** The transport's work that is left when the process ends. */
export interface Unfinished {
  /** Records that are neither delivered nor dropped. */
  readonly unsettled: number;
  /** How many records were ever accepted. This number never falls. */
  readonly everAccepted: number;
  /** Adds the records that the loggers hold back, and the sampling notice. */
  addLastRecords(): void;
  /** @param mayGiveUpEarly as for `Lifecycle.flush` */
  flush(timeoutMs: number, mayGiveUpEarly: boolean): Promise<unknown>;
  /** Flushes, unless Kafka cannot be reached. */
  flushUnlessDown(timeoutMs: number): Promise<unknown>;
  /** Closes the connections: an open one keeps the process alive. */
  disconnect(): Promise<void>;
  /** Gives up all that is left, at once. */
  giveUp(): void;
  /** Gives up all that is left, and resolves when the fallback has written it, or the time is up. */
  giveUpBeforeExit(): Promise<void>;
  /**
   * Gives up all that is left; the event loop will not turn again. May block for up to `timeoutMs`. Warnings wait for
   * `emitDeferredWarnings`.
   */
  drainOnExit(timeoutMs: number): void;
  emitDeferredWarnings(): void;
}

// The sender of a signal does not wait for long: Docker kills after 10 s, and Ctrl-C is expected to work.
const MAX_SIGNAL_MS = 5_000;

/** How long the end of the process waits for a fallback to write what it has just got. */
export const MAX_FALLBACK_MS = 1_000;

// How many flushes in a row may delay the end for new records. An application may log in each `beforeExit`, and each flush that
// delivers its record causes the next `beforeExit`.
const MAX_FLUSHES = 3;

const watching = new Set<ProcessExit>();

/** Whether `onExit` has run, or cannot run any more. */
let isExitHeard = false;

function onBeforeExit(): void {
  // These first: what they give up may go to another transport, as their fallback.
  const over = new Set([...watching].filter((end) => end.giveUpIfInVain()));
  for (const end of watching) if (!over.has(end)) end.beforeExit();
}

function onExit(): void {
  for (const end of watching) end.exit();
  for (const end of watching) if (end.hasGotMore) end.exit();
  isExitHeard = true;
  // Last: a `warn` listener that calls process.exit() here ends the process at once, before the work above.
  for (const end of watching) end.emitDeferredWarnings();
}

/** Whether our `exit` listener has run. Records that a later `exit` listener logs must be given up at once. */
export function isOver(): boolean {
  return isExitHeard && isExiting();
}

/** Whether the process really exits: tests emit `exit` by hand. */
function isExiting(): boolean {
  return (process as { readonly _exiting?: boolean })._exiting === true;
}

/** Flushes before a process ends by itself; when it ends otherwise, gives the remaining records to the spool or the fallback. */
export class ProcessExit implements SignalSubscriber {
  readonly #unfinished: Unfinished;
  readonly #timeoutMs: number;
  readonly signals: readonly NodeJS.Signals[];
  /** `everAccepted` at the last `beforeExit` or `exit`. */
  #acceptedAtExit = 0;
  /** `everAccepted` after the last flush for a signal. */
  #acceptedAtSignal = 0;
  /** How many flushes in a row have delayed the end. */
  #flushes = 0;

  /**
   * @param timeoutMs how long the end may be delayed
   * @param signals the signals whose end is delayed too
   */
  constructor(unfinished: Unfinished, timeoutMs: number, signals: readonly NodeJS.Signals[] = []) {
    this.signals = signals;
    this.#unfinished = unfinished;
    this.#timeoutMs = timeoutMs;
  }

  watch(): void {
    // One listener for all transports: with one for each, Node would warn of a leak from the eleventh on.
    if (watching.size === 0) {
      process.on('beforeExit', onBeforeExit).on('exit', onExit);
      // If a `beforeExit` listener has logged this record, the timer causes another `beforeExit`, which calls ours.
      systemClock.soon(() => undefined);
      // A listener that is added while `exit` is emitted is not called.
      isExitHeard = isExiting();
    }
    watching.add(this);
    subscribe(this);
  }

  forget(): void {
    watching.delete(this);
    unsubscribe(this);
    if (watching.size === 0) process.off('beforeExit', onBeforeExit).off('exit', onExit);
  }

  /** Called when nothing else keeps the process alive. */
  beforeExit(): void {
    if (this.giveUpIfInVain()) return;
    const { unsettled, everAccepted } = this.#unfinished;
    if (unsettled === 0) {
      this.#flushes = 0;
      return;
    }
    this.#acceptedAtExit = everAccepted;
    this.#flushes++;
    void this.#unfinished.flush(this.#timeoutMs, true).then(() => this.#unfinished.disconnect());
  }

  /** Gives up if nothing new was accepted since the last `beforeExit`: an outage must not keep the process alive. @returns whether it did */
  giveUpIfInVain(): boolean {
    this.#unfinished.addLastRecords();
    const { unsettled, everAccepted } = this.#unfinished;
    const isVain = everAccepted === this.#acceptedAtExit || this.#flushes === MAX_FLUSHES;
    if (unsettled === 0 || !isVain) return false;
    this.#unfinished.giveUp();
    return true;
  }

  /**
   * Called at the `exit` event, also after `process.exit()`. The event loop does not turn again, so only synchronous work is
   * done: a fallback that writes synchronously loses nothing.
   */
  exit(): void {
    this.#acceptedAtExit = this.#unfinished.everAccepted;
    this.#unfinished.drainOnExit(this.#timeoutMs);
  }

  /** Whether records arrived after `exit()`: another transport gave them up, and this one is its fallback. */
  get hasGotMore(): boolean {
    return this.#unfinished.everAccepted !== this.#acceptedAtExit;
  }

  emitDeferredWarnings(): void {
    this.#unfinished.emitDeferredWarnings();
  }

  get signalTimeoutMs(): number {
    return Math.min(this.#timeoutMs, MAX_SIGNAL_MS);
  }

  async flushForSignal(timeoutMs: number): Promise<void> {
    await this.#unfinished.flushUnlessDown(timeoutMs);
    this.#acceptedAtSignal = this.#unfinished.everAccepted;
  }

  async giveUpForSignal(): Promise<void> {
    // New records: another transport has just given them up, and this one is its fallback.
    if (this.#unfinished.everAccepted !== this.#acceptedAtSignal) await this.flushForSignal(MAX_FALLBACK_MS);
    await this.#unfinished.giveUpBeforeExit();
  }

  exitForSignal(): void {
    // No time is left: the flush has used it.
    this.#unfinished.drainOnExit(0);
    this.#unfinished.emitDeferredWarnings();
  }
}
