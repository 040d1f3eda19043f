/** What a command writes to: `process.stdout` and `process.stderr`, or what a spec puts in their place. */
export interface Output {
  readonly isTTY?: boolean;
  /** Whether what is written waits in memory: nobody reads it (`| less`). */
  readonly writableNeedDrain?: boolean;
  write(text: string): unknown;
  once?(event: 'drain', listener: () => void): unknown;
}

export type Colour = 'red' | 'yellow' | 'green' | 'cyan' | 'grey';

const CODES: Readonly<Record<Colour, number>> = { red: 31, yellow: 33, green: 32, cyan: 36, grey: 90 };

export class Screen {
  readonly isTerminal: boolean;
  readonly #out: Output;
  readonly #hasColours: boolean;

  constructor(out: Output, env: NodeJS.ProcessEnv) {
    this.#out = out;
    this.isTerminal = out.isTTY === true;
    // no-color.org: any value but the empty one.
    this.#hasColours = this.isTerminal && !env.NO_COLOR && env.TERM !== 'dumb';
  }

  /** Resolves when nothing waits in memory. */
  get drained(): Promise<void> | undefined {
    const out = this.#out;
    return out.writableNeedDrain ? new Promise((resolve) => out.once?.('drain', resolve)) : undefined;
  }

  line(text: string): void {
    this.#out.write(`${text}\n`);
  }

  json(value: object): void {
    this.line(JSON.stringify(value, null, 2));
  }

  /** On a terminal the line is written over by the next one. */
  progress(text: string): void {
    this.#out.write(this.isTerminal ? `\r\u001b[K${text}` : `${text}\n`);
  }

  endProgress(): void {
    if (this.isTerminal) this.#out.write('\n');
  }

  paint(colour: Colour | undefined, text: string): string {
    if (colour === undefined || !this.#hasColours) return text;
    return `\u001b[${CODES[colour]}m${text}\u001b[39m`;
  }
}
