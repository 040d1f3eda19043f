import { writeSync } from 'node:fs';

type Write = (fd: number, chunk: Uint8Array, offset: number) => number;

const STDERR = 2;

/** How often a write is tried. stderr that is full stays full for longer than a log line may hold the application up. */
const TRIES = 3;

/**
 * Writes lines to stderr by its number, past `console` and `process.stderr`.
 *
 * Applications capture those to turn what is printed into log records. A client's line that went through
 * them would be logged, shipped and so cause the next line, and the capture may well be older than this
 * module: so there is no function of theirs that would be safe to keep.
 *
 * A line of up to 4,096 bytes (`PIPE_BUF`) is written whole or not at all where stderr is a pipe.
 */
export class StderrLines {
  readonly #write: Write;
  /** Lines that did not fit since the last one that did. */
  #lost = 0;
  #touched = false;
  #midLine = false;

  constructor(write: Write = writeSync) {
    this.#write = write;
  }

  /** Writes `line` and a line end. Never throws; what cannot be written now is counted and reported by the next line. */
  print(line: string): void {
    this.#touch();
    const lost = this.#lost === 1 ? '1 line' : `${this.#lost} lines`;
    const note = this.#lost === 0 ? '' : ` (${lost} before this one lost: stderr took no more)`;
    if (this.#tryToWrite(`${this.#midLine ? '\n' : ''}${line}${note}\n`)) this.#lost = 0;
    else this.#lost++;
  }

  #tryToWrite(text: string): boolean {
    const bytes = Buffer.from(text);
    let written = 0;
    for (let attempt = 0; attempt < TRIES; attempt++) {
      try {
        written += this.#write(STDERR, bytes, written);
        // A socket may take the half of a line. The next one must not go on in the middle of it.
        this.#midLine = written < bytes.length;
        if (written >= bytes.length) return true;
      } catch (error) {
        // EPIPE (the reader has gone), EBADF (closed), EIO (the terminal has gone): trying again is no use.
        if ((error as { code?: unknown } | null)?.code !== 'EAGAIN') return false;
      }
    }
    return false;
  }

  /**
   * A process inherits a stderr pipe in blocking mode, and a reader that has stopped reading would stop the
   * application in `writeSync`. To read `process.stderr` once makes Node open it as a stream, which on POSIX puts
   * the pipe into non-blocking mode; from then on a full pipe is an EAGAIN.
   *
   * An application that then starts a process which inherits its stderr gets the blocking mode back (libuv resets
   * it for the child, and the two share it), for `console.error` as well as for these lines.
   */
  #touch(): void {
    if (this.#touched) return;
    this.#touched = true;
    try {
      void process.stderr;
    } catch {
      // An application's getter, or a stderr of unknown kind (ERR_UNKNOWN_STREAM_TYPE).
    }
  }
}

/** One for the process, so that a lost line is reported by whichever line comes next. */
export const stderrLines: StderrLines = new StderrLines();
