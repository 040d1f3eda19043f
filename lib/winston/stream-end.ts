import type TransportStream from 'winston-transport';
import type { Clock } from '../util/clock.ts';
import { LastRecords } from './last-records.ts';
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
  readonly #lastRecords: LastRecords;
  readonly #timeoutMs: number;

  /** @param timeoutMs how long to wait for the records that a logger still has */
  constructor(stream: EndingStream, parents: Parents, clock: Clock, timeoutMs: number) {
    this.#stream = stream;
    this.#parents = parents;
    this.#timeoutMs = timeoutMs;
    this.#lastRecords = new LastRecords(clock, () => parents.haveLastRecords);
  }

  /** A record has come, or a logger has gone. */
  onRecord(): void {
    this.#lastRecords.onRecord();
  }

  /** What `end(...args)` does. @param endStream the stream's own way */
  end(args: unknown[], endStream: () => void): void {
    this.#lastRecords.wait(this.#timeoutMs, () => this.#end(args, endStream));
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
    void this.#finishFor(goesOn ? stream.flush() : stream.close());
  }

  /** Emits what the logger that has ended waits for. All others are unpiped by that: they are piped again. */
  async #finishFor(flushed: Promise<unknown>): Promise<void> {
    await flushed;
    // The last of the others has ended, too, and hears the same event: it must not come before its records are out.
    if (!this.#parents.oneOfSeveralHasEnded) await this.#stream.close();
    this.#parents.keepLiving(() => this.#stream.emit('finish'));
  }
}
