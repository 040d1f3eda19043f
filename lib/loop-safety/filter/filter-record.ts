import { isMainThread, threadId } from 'node:worker_threads';
import { fieldOf, isAnyError, namesIn } from '../../util/safely.ts';
import type { CallSite } from '../call-site/call-site.ts';
import { ANONYMOUS } from '../call-site/function-name.ts';

/** What a filter is asked about. Read it while the filter runs; what is dear is only worked out when read. */
export interface FilterRecord extends CallSite {
  readonly level: string;
  /** The level's number in the logger's `levels`: the lower, the more severe. */
  readonly severity: number;
  /** The message as it was logged: a filter is asked before the format, as loguru's is. Without one, the formatted text. */
  readonly message: string;
  /** When the record was logged, in milliseconds since 1970. */
  readonly time: number;
  /** What else the record carries: its own fields but `level` and `message`. */
  readonly extra: Record<string, unknown>;
  /** The error that was logged, or `undefined`. */
  readonly exception: unknown;
  readonly process: { readonly id: number; readonly name: string };
  /** `main`, or `worker-1` and so on. */
  readonly thread: { readonly id: number; readonly name: string };
}

type Info = Readonly<Record<string | symbol, unknown>>;

const NOWHERE: CallSite = { function: ANONYMOUS, module: '', file: '', line: 0, column: 0 };

// triple-beam's name for the arguments after the message; `Symbol.for`, so no need to depend on it.
const SPLAT = Symbol.for('splat');

const thread = { id: threadId, name: isMainThread ? 'main' : `worker-${threadId}` };

/** The {@link FilterRecord} of a winston info. Reading it never throws, whatever getters the info has. */
export class InfoRecord implements FilterRecord {
  readonly level: string;
  readonly severity: number;
  readonly time: number;
  readonly #info: Info;
  readonly #text: string;
  readonly #site: CallSite;
  #extra: Record<string, unknown> | undefined;

  constructor(
    info: Info,
    level: string,
    severity: number,
    text: string,
    time: number,
    site: CallSite | undefined,
  ) {
    this.#info = info;
    this.level = level;
    this.severity = severity;
    this.#text = text;
    this.time = time;
    this.#site = site ?? NOWHERE;
  }

  get message(): string {
    const message = fieldOf(this.#info, 'message');
    return typeof message === 'string' ? message : this.#text;
  }

  get function(): string {
    return this.#site.function;
  }

  get module(): string {
    return this.#site.module;
  }

  get file(): string {
    return this.#site.file;
  }

  get line(): number {
    return this.#site.line;
  }

  get column(): number {
    return this.#site.column;
  }

  get extra(): Record<string, unknown> {
    this.#extra ??= extraOf(this.#info);
    return this.#extra;
  }

  get exception(): unknown {
    return exceptionOf(this.#info);
  }

  get process(): { readonly id: number; readonly name: string } {
    return { id: process.pid, name: process.title };
  }

  get thread(): { readonly id: number; readonly name: string } {
    return thread;
  }
}

function extraOf(info: Info): Record<string, unknown> {
  const fields: [string, unknown][] = [];
  for (const name of namesIn(info)) {
    if (name === 'level' || name === 'message') continue;
    try {
      fields.push([name, info[name]]);
    } catch {
      // A getter that throws: the record goes without that field.
    }
  }
  // Not by assignment: a field may be called `__proto__`.
  return Object.fromEntries(fields);
}

/**
 * Where winston leaves an error: `logger.error(err)` makes it the info, `{ error }` (also what winston itself does with
 * an uncaught one) a field, and `logger.error('text', err)` copies its fields and keeps it among the arguments.
 */
function exceptionOf(info: Info): unknown {
  if (isAnyError(info)) return info;
  for (const name of ['error', 'err', 'exception']) {
    const value = fieldOf(info, name);
    if (isAnyError(value)) return value;
  }
  const args = fieldOf(info, SPLAT);
  return Array.isArray(args) ? args.find(isAnyError) : undefined;
}
