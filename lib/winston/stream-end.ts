import type TransportStream from 'winston-transport';
import type { Clock } from '../time/clock.ts';
import type { Parents } from './parents.ts';
import { hasEnded } from './workarounds.ts';

/** The transport, as far as its end needs it. */
export interface EndingStream extends TransportStream {
  flush(): Promise<unknown>;
  close(): Promise<unknown>;
}

/**
 * Handles `end()` of the stream, which does not always end the transport: when one of several loggers ends, the transport
 * stays open for the others; and a transport that is added to a logger again can end once more.
 */
export class StreamEnd {
  readonly #stream: EndingStream;
  readonly #parents: Parents;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  /** Calls of `end()` that wait for records which a logger still holds back. */
  readonly #waiting = new Set<() => void>();

  /** @param timeoutMs how long to wait for these records */
  constructor(stream: EndingStream, parents: Parents, clock: Clock, timeoutMs: number) {
    this.#stream = stream;
    this.#parents = parents;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Called when a record has arrived, or a logger was removed. */
  onRecord(): void {
    if (this.#waiting.size > 0 && !this.#parents.endedHoldRecords) for (const end of this.#waiting) end();
  }

  /**
   * Does what `end(...args)` does, once the last records have arrived or the time is up. winston ends its transports at once; up to
   * 16 records that the logger holds back for a slower transport arrive only when that one has ended. If that takes too long,
   * the logger is made to hand them over.
   *
   * @param endStream calls the stream's own `end`
   */
  end(args: unknown[], endStream: () => void): void {
    if (!this.#parents.endedHoldRecords) {
      this.#end(args, endStream);
      return;
    }
    const timer = this.#clock.after(
      this.#timeoutMs,
      () => {
        this.#parents.handOverEnded();
        end();
      },
      true,
    );
    const end = (): void => {
      // `handOverEnded` may already have called this, through `onRecord`.
      if (!this.#waiting.delete(end)) return;
      this.#clock.cancel(timer);
      this.#end(args, endStream);
    };
    this.#waiting.add(end);
  }

  #end(args: unknown[], endStream: () => void): void {
    const stream = this.#stream;
    const goesOn = this.#parents.oneOfSeveralHasEnded;
    // A stream that has ended or was destroyed before does not emit `finish` a second time by itself.
    if (!goesOn && !hasEnded(stream) && !stream.destroyed) {
      endStream();
      return;
    }
    const [chunk] = args;
    if (chunk !== undefined && chunk !== null && typeof chunk !== 'function') stream.write(chunk);
    for (const done of args) if (typeof done === 'function') stream.once('finish', done as () => void);
    void this.#finish(goesOn);
  }

  /** Emits `finish`, for which the ended logger waits. That unpipes all loggers; those that have not ended are piped again. */
  async #finish(goesOn: boolean): Promise<void> {
    if (goesOn) await this.#stream.flush();
    // All loggers have ended, and each hears this event: emit it only after their records are sent.
    if (!this.#parents.oneOfSeveralHasEnded) await this.#stream.close();
    this.#parents.repipeUnended(() => this.#stream.emit('finish'));
  }
}
