// Not util.styleText: whether that paints depends on the version of Node, on process.stdout and on the environment.
const STYLES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], cyan: [36, 39] } as const;

type Style = keyof typeof STYLES;

/** What is needed of `process.stdout`. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const DEFAULT_COLUMNS = 100;
const PROSE_COLUMNS = 92;
const REDRAW_MS = 100;
// Where a line cannot be rewritten, as in a pipe or in CI, each state is a line of its own: so there are few.
const REPRINT_MS = 1_000;

/** Prints to a terminal, where a line can be rewritten and coloured, or as plain lines to anything else. */
export class Screen {
  readonly #out: Output;
  readonly #isTerminal: boolean;
  readonly #hasColour: boolean;

  constructor(out: Output = process.stdout, env: NodeJS.ProcessEnv = process.env) {
    this.#out = out;
    this.#isTerminal = out.isTTY === true && env.TERM !== 'dumb';
    this.#hasColour = this.#isTerminal && (env.NO_COLOR ?? '') === '';
  }

  get columns(): number {
    return this.#out.columns ?? DEFAULT_COLUMNS;
  }

  heading(text: string): void {
    this.line(`\n${this.paint('bold', text)}`);
  }

  /** A paragraph, wrapped. */
  say(text: string): void {
    const width = Math.min(this.columns, PROSE_COLUMNS);
    let line = '';
    for (const word of text.split(/\s+/)) {
      if (line !== '' && line.length + 1 + word.length > width) {
        this.line(line);
        line = '';
      }
      line += line === '' ? word : ` ${word}`;
    }
    this.line(line);
  }

  /** Program text or the like: set off, and cut rather than wrapped. */
  quote(text: string): void {
    this.line(this.paint('dim', this.#cut(`    ${text}`)));
  }

  line(text = ''): void {
    this.#out.write(`${text}\n`);
  }

  paint(style: Style, text: string): string {
    const [on, off] = STYLES[style];
    return this.#hasColour ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  }

  /** Time to read what was just said; for people only. */
  async pause(ms: number): Promise<void> {
    if (this.#isTerminal) await new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** Keeps a line of counters up to date until the promise settles; its last state stays. */
  async watch<Result>(counters: () => string, until: Promise<Result>): Promise<Result> {
    let shown = '';
    const show = (): void => {
      const text = counters();
      if (this.#isTerminal) this.#redraw(text);
      else if (text !== shown) this.line(`  ${text}`);
      shown = text;
    };
    const timer = setInterval(show, this.#isTerminal ? REDRAW_MS : REPRINT_MS);
    try {
      return await until;
    } finally {
      clearInterval(timer);
      show();
      if (this.#isTerminal) this.line();
    }
  }

  #redraw(text: string): void {
    // Padded instead of erased, so that it takes no more of a terminal than a carriage return.
    const full = this.#cut(`  ${text}`).padEnd(this.columns - 1);
    this.#out.write(`\r${this.paint('cyan', full)}`);
  }

  #cut(text: string): string {
    const width = this.columns - 1;
    return text.length > width ? `${text.slice(0, width - 3)}...` : text;
  }
}

const numbers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 12345 as 12,345. */
export function number(value: number): string {
  return numbers.format(value);
}
