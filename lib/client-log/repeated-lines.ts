/** How long a printed line is only counted, milliseconds. */
const WINDOW_MS = 60_000;
/** How many distinct lines are remembered. */
const MAX_LINES = 100;
/** How many lines that are not remembered may be printed per window. */
const MAX_NEW_LINES = 100;

/** What `RepeatedLines` has decided to print. */
export interface Print<Line> {
  line: Line;
  /** How often the line came again unprinted since it was last printed; 0 the first time. */
  repeated: number;
  /** Other lines that were left out because too many new ones came; `line` is the last of them. */
  leftOut: number;
  /** The time that `repeated` or `leftOut` covers, milliseconds. */
  overMs: number;
}

interface Seen<Line> {
  line: Line;
  pending: number;
  printedAt: number;
}

/**
 * Lets a line through once and counts it from then on: an outage of one minute is 98 errors of kafkajs, of
 * three kinds.
 *
 * There is no timer, which would keep the process alive or, unreferenced, prove nothing: a count is printed
 * when its line comes again after the window, or has to make room for another.
 */
export class RepeatedLines<Line> {
  readonly #now: () => number;
  readonly #print: (print: Print<Line>) => void;
  /** Least recently used first. */
  readonly #seen: Map<string, Seen<Line>> = new Map();
  #windowStart = Number.NEGATIVE_INFINITY;
  #newLines = 0;
  #leftOut = 0;
  #lastLeftOut: Line | undefined;

  /** @param now in milliseconds */
  constructor(print: (print: Print<Line>) => void, now: () => number) {
    this.#print = print;
    this.#now = now;
  }

  /** Prints `line` or counts it. Lines with equal keys are one line, of which the latest is printed. */
  add(key: string, line: Line): void {
    const now = this.#now();
    if (this.#isOver(this.#windowStart, now)) this.#startWindow(now);

    const seen = this.#seen.get(key);
    if (seen === undefined) this.#addNew(key, line, now);
    else this.#addSeen(key, seen, line, now);
  }

  #addSeen(key: string, seen: Seen<Line>, line: Line, now: number): void {
    this.#seen.delete(key);
    this.#seen.set(key, seen);
    seen.line = line;
    if (!this.#isOver(seen.printedAt, now)) {
      seen.pending++;
      return;
    }
    const { pending, printedAt } = seen;
    seen.pending = 0;
    seen.printedAt = now;
    this.#print({ line, repeated: pending, leftOut: 0, overMs: elapsed(printedAt, now) });
  }

  #addNew(key: string, line: Line, now: number): void {
    if (this.#newLines >= MAX_NEW_LINES) {
      this.#leftOut++;
      this.#lastLeftOut = line;
      return;
    }
    this.#newLines++;
    this.#seen.set(key, { line, pending: 0, printedAt: now });
    if (this.#seen.size > MAX_LINES) this.#forgetOldest(now);
    this.#print({ line, repeated: 0, leftOut: 0, overMs: 0 });
  }

  #forgetOldest(now: number): void {
    const [oldest] = this.#seen;
    if (oldest === undefined) return;
    const [key, { line, pending, printedAt }] = oldest;
    this.#seen.delete(key);
    if (pending > 0) this.#print({ line, repeated: pending, leftOut: 0, overMs: elapsed(printedAt, now) });
  }

  #startWindow(now: number): void {
    const leftOut = this.#leftOut;
    const line = this.#lastLeftOut;
    const since = this.#windowStart;
    this.#windowStart = now;
    this.#newLines = 0;
    this.#leftOut = 0;
    this.#lastLeftOut = undefined;
    if (line !== undefined) this.#print({ line, repeated: 0, leftOut, overMs: elapsed(since, now) });
  }

  /** A clock that was set back ends the window too, or a line might stay silent for hours. */
  #isOver(since: number, now: number): boolean {
    return now - since >= WINDOW_MS || now < since;
  }
}

function elapsed(since: number, now: number): number {
  return Math.max(0, now - since);
}

// Kept: `kafka:9092`, `127.0.0.1:9092`, `[::1]:9092`: what goes wrong with one broker says nothing of another. Replaced: times, UUIDs,
// long hexadecimal ids, other long ids with a digit in them, numbers.
const VARYING =
  /\d{4}-\d\d-\d\dT[\d:.]+Z?|(\[[0-9a-f:.]{2,45}\]:\d{2,5}(?!\d)|\b[a-z0-9][\w.-]{0,253}:\d{2,5}(?!\d))|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b(?=[a-f]*\d)[0-9a-f]{6,}\b|\b(?=[a-z_]*\d)\w{16,}\b|\d+(?:\.\d+)?/gi;

/** `message` without what differs from one occurrence to the next: ids, counts, durations. */
export function withoutIds(message: string): string {
  return message.replace(VARYING, (_match, address: string | undefined) => address ?? '#');
}
