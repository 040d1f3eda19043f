import { systemClock } from '../time/clock.ts';
import { type SignalSubscriber, subscribe, unsubscribe } from './signals.ts';

/** What a transport has to do before the process ends. */
export interface Unfinished {
  /** Records that are neither delivered nor dropped. */
  readonly unsettled: number;
  /** Records that were ever accepted: it only grows. */
  readonly everAccepted: number;
  /** Called before the end: what winston holds back, and records of its own, such as the notice of sampling. */
  addLastRecords(): void;
  /** @param mayGiveUpEarly as for `Lifecycle.flush` */
  flush(timeoutMs: number, mayGiveUpEarly: boolean): Promise<unknown>;
  /** Flushes, unless Kafka cannot be reached. */
  flushUnlessDown(timeoutMs: number): Promise<unknown>;
  /** Closes the connections, which would keep the process alive. */
  disconnect(): Promise<void>;
  /** Gives up all that is left, at once. */
  giveUp(): void;
  /** The same, and resolves when the fallback has written what it got, or the time is up. */
  giveUpBeforeExit(): Promise<void>;
  /**
   * The same, and nothing will be done afterwards. May take up to `timeoutMs`, but no turn of the event loop. What there is to
   * warn of waits for `emitDeferredWarnings`.
   */
  drainOnExit(timeoutMs: number): void;
  emitDeferredWarnings(): void;
}

// Whoever sends a signal may not wait for long: Docker kills after 10 s, Ctrl-C is expected to work.
const MAX_SIGNAL_MS = 5_000;

/** How long the end may be put off for a fallback to write what it has just got. */
export const MAX_FALLBACK_MS = 1_000;

// How often the end is put off for what is new each time. An application may log whenever the process is about to end: each flush
// that delivers it would bring the next `beforeExit`.
const MAX_FLUSHES = 3;

const watching = new Set<ProcessExit>();

/** Whether the `exit` event has been here, or never comes here. */
let isExitHeard = false;

function onBeforeExit(): void {
  // What these give up another transport may get, as their fallback.
  const over = new Set([...watching].filter((end) => end.giveUpIfInVain()));
  for (const end of watching) if (!over.has(end)) end.beforeExit();
}

function onExit(): void {
  for (const end of watching) end.exit();
  for (const end of watching) if (end.hasGotMore) end.exit();
  isExitHeard = true;
  // Not before: a listener that calls process.exit() here ends the process at once, with what is still to be done undone.
  for (const end of watching) end.emitDeferredWarnings();
}

/** Whether nothing will be done any more with what comes now: an `exit` listener that comes after ours logs it. */
export function isOver(): boolean {
  return isExitHeard && isExiting();
}

/** Tests emit the event by hand. */
function isExiting(): boolean {
  return (process as { readonly _exiting?: boolean })._exiting === true;
}

/** Sees to it that a process which ends by itself has delivered first, and that any other has given up in good order. */
export class ProcessExit implements SignalSubscriber {
  readonly #unfinished: Unfinished;
  readonly #timeoutMs: number;
  readonly signals: readonly NodeJS.Signals[];
  /** How much had been accepted when the process was last about to end. */
  #acceptedAtExit = 0;
  /** The same, when it was last flushed for a signal. */
  #acceptedAtSignal = 0;
  /** How often it was put off since nothing was left. */
  #flushes = 0;

  /**
   * @param timeoutMs how long the end may be put off
   * @param signals which signals it is put off for, too
   */
  constructor(unfinished: Unfinished, timeoutMs: number, signals: readonly NodeJS.Signals[] = []) {
    this.signals = signals;
    this.#unfinished = unfinished;
    this.#timeoutMs = timeoutMs;
  }

  watch(): void {
    // One listener for all transports: a listener each would have Node warn of a leak from the eleventh on.
    if (watching.size === 0) {
      process.on('beforeExit', onBeforeExit).on('exit', onExit);
      // What comes here may be logged by a `beforeExit` listener, which then is called once more, and ours too.
      systemClock.soon(() => undefined);
      // A listener that is added while an event is emitted is not called.
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

  /** Nothing else keeps the process alive. */
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

  /** Gives up where nothing is new since the last `beforeExit`: an outage must not keep the process alive for ever. @returns whether it has */
  giveUpIfInVain(): boolean {
    this.#unfinished.addLastRecords();
    const { unsettled, everAccepted } = this.#unfinished;
    const isVain = everAccepted === this.#acceptedAtExit || this.#flushes === MAX_FLUSHES;
    if (unsettled === 0 || !isVain) return false;
    this.#unfinished.giveUp();
    return true;
  }

  /**
   * By `process.exit()`, too. The event loop does not turn again, so only synchronous work is done: a fallback that writes
   * synchronously still gets all.
   */
  exit(): void {
    this.#acceptedAtExit = this.#unfinished.everAccepted;
    this.#unfinished.drainOnExit(this.#timeoutMs);
  }

  /** Whether it has got what another one has given up, after its own end. */
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
    // It is the fallback of another one, which has just given up.
    if (this.#unfinished.everAccepted !== this.#acceptedAtSignal) await this.flushForSignal(MAX_FALLBACK_MS);
    await this.#unfinished.giveUpBeforeExit();
  }

  exitForSignal(): void {
    // The flush has used the time already.
    this.#unfinished.drainOnExit(0);
    this.#unfinished.emitDeferredWarnings();
  }
}
