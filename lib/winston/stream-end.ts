import type TransportStream from 'winston-transport';
import type { Clock } from '../time/clock.ts';
import type { Parents } from './parents.ts';
import { hasEnded } from './workarounds.ts';

/** The stream that ends, and what is to be done before. */
export interface EndingStream extends TransportStream {
  flush(): Promise<unknown>;
  close(): Promise<unknown>;
}

/**
 * The end of the stream, which is not always the end of the transport: with several loggers, the end of one leaves it
 * with the others; and added to a logger again, it has to end once more.
 */
export class StreamEnd {
  readonly #stream: EndingStream;
  readonly #parents: Parents;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  /** The ends that wait for the records that a logger still has. */
  readonly #waiting = new Set<() => void>();

  /** @param timeoutMs how long to wait for the records that a logger still has */
  constructor(stream: EndingStream, parents: Parents, clock: Clock, timeoutMs: number) {
    this.#stream = stream;
    this.#parents = parents;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** A record has come, or a logger has gone. */
  onRecord(): void {
    if (this.#waiting.size > 0 && !this.#parents.haveLastRecords) for (const end of this.#waiting) end();
  }

  /**
   * What `end(...args)` does, when the last records have come, or the time is up. winston only asks its transports to end; what a
   * sibling that pushes back has held up in the logger, up to 16 records, comes afterwards, with the end of the sibling. Where that
   * takes too long, they are handed over without it.
   *
   * @param endStream the stream's own way
   */
  end(args: unknown[], endStream: () => void): void {
    if (!this.#parents.haveLastRecords) {
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
      // What is handed over may have the last record among it.
      if (!this.#waiting.delete(end)) return;
      this.#clock.cancel(timer);
      this.#end(args, endStream);
    };
    this.#waiting.add(end);
  }

  #end(args: unknown[], endStream: () => void): void {
    const stream = this.#stream;
    const goesOn = this.#parents.oneOfSeveralHasEnded;
    // Ended or destroyed before, and added to a logger again since: the stream does not finish a second time by itself.
    if (!goesOn && !hasEnded(stream) && !stream.destroyed) {
      endStream();
      return;
    }
    const [chunk] = args;
    if (chunk !== undefined && chunk !== null && typeof chunk !== 'function') stream.write(chunk);
    for (const done of args) if (typeof done === 'function') stream.once('finish', done as () => void);
    void this.#finish(goesOn);
  }

  /** Emits what the logger that has ended waits for. All others are unpiped by that: they are piped again. */
  async #finish(goesOn: boolean): Promise<void> {
    if (goesOn) await this.#stream.flush();
    // The last of the others has ended, too, and hears the same event: it must not come before its records are out.
    if (!this.#parents.oneOfSeveralHasEnded) await this.#stream.close();
    this.#parents.keepLiving(() => this.#stream.emit('finish'));
  }
}
