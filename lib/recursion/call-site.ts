import { ANONYMOUS, functionName } from './function-name.ts';
import { fileOf, originalFile, type ScriptFile } from './script-file.ts';

/** The place in the code that a record was logged from. */
export interface CallSite {
  /** The plain function or method name; `<anonymous>` where it has none, `<module>` in a module's top-level code. */
  readonly function: string;
  /**
   * The file's path from the working directory without extension and with '/'; `package/path` under `node_modules`;
   * `node:net`; '' where there is no file.
   */
  readonly module: string;
  /** The file's path, of the original file where source maps are on; '' where there is none. */
  readonly file: string;
  /** Counted from 1; 0 where it is not known. */
  readonly line: number;
  /** Counted from 1; 0 where it is not known. */
  readonly column: number;
}

/** Everything that a source map may change. */
type Place = Omit<CallSite, 'function'>;

const NOWHERE: Place = Object.freeze({ module: '', file: '', line: 0, column: 0 });

/**
 * A call site. All that only V8 knows is read at once, in 0.3 us: its frame holds on to the receiver of the call, and
 * whoever keeps the info, as a transport may, would keep that too. What a source map makes of it waits until asked.
 */
export class CapturedSite implements CallSite {
  readonly function: string;
  readonly #script: ScriptFile | undefined;
  readonly #line: number;
  readonly #column: number;
  #place: Place | undefined;

  constructor(frame: NodeJS.CallSite | undefined, script: ScriptFile | undefined) {
    this.function = frame === undefined ? ANONYMOUS : functionName(frame);
    this.#script = script;
    this.#line = frame?.getLineNumber() ?? 0;
    this.#column = frame?.getColumnNumber() ?? 0;
  }

  get module(): string {
    return this.#located().module;
  }

  get file(): string {
    return this.#located().file;
  }

  get line(): number {
    return this.#located().line;
  }

  get column(): number {
    return this.#located().column;
  }

  #located(): Place {
    this.#place ??= this.#script === undefined ? NOWHERE : placeOf(this.#line, this.#column, this.#script);
    return this.#place;
  }
}

function placeOf(line: number, column: number, script: ScriptFile): Place {
  // A source map counts from 0, a call site from 1.
  const entry = script.sourceMap()?.findEntry(line - 1, column - 1);
  const original =
    entry !== undefined && 'originalSource' in entry ? originalFile(entry.originalSource) : undefined;
  if (entry !== undefined && 'originalSource' in entry && original !== undefined) {
    return {
      module: original.module,
      file: original.path,
      line: entry.originalLine + 1,
      column: entry.originalColumn + 1,
    };
  }
  return { module: script.module, file: script.path, line, column };
}

/**
 * How many frames are captured at first. winston puts one to three of its own above the caller (`info` in
 * create-logger.js, `log` in logger.js, `winston.info` in winston.js) and one per level of children.
 *
 * The frames are looked at right away, so that a site is right the first time however deep the children go: if
 * none is the caller's, the stack is captured again, deeper, while it still stands. Looking at once is cheaper than
 * looking later: a frame costs 100 to 150 ns to capture and 100 ns to look at, so 4 frames captured and looked at
 * (3.1 us) take no longer than the 12 that a safe blind capture needs (3.1 us, and 4.7 us once looked at). That is V8's
 * part alone, on Node 20 at a stack depth of 15; at 40 it is 0.3 us more. All told, up to `function` and `module`, a
 * site costs 4.5 us.
 */
let depth = 4;

/** How far `depth` follows an application whose loggers are children of children. */
const MAX_USUAL_DEPTH = 16;
const MAX_DEPTH = 256;

// The application may replace it later (polyfills do).
const captureStackTrace: typeof Error.captureStackTrace = Error.captureStackTrace;

const asTheyAre = (_: unknown, frames: NodeJS.CallSite[]): NodeJS.CallSite[] => frames;

/**
 * Finds the caller of a log function.
 *
 * Never throws, whatever the application has done to `Error`: in the worst case the site is a nameless one.
 *
 * @param below the function whose frame, and all above it, are left out
 */
// biome-ignore lint/complexity/noBannedTypes: any function at all, as `Error.captureStackTrace` has it
export function captureSite(below: Function): CapturedSite {
  // In one function: V8 walks the frames above `below` as well, although it leaves them out.
  try {
    const limitBefore = Error.stackTraceLimit;
    const formatBefore = Error.prepareStackTrace;
    try {
      setFormat(asTheyAre);
      for (let limit = depth; ; limit = MAX_DEPTH) {
        setLimit(limit);
        const holder: { stack?: unknown } = {};
        captureStackTrace(holder, below);
        const frames: readonly NodeJS.CallSite[] = Array.isArray(holder.stack) ? holder.stack : [];
        const index = frames.findIndex(isCaller);
        const frame = frames[index];
        if (frame !== undefined) {
          if (index >= depth) depth = Math.min(index + 1, MAX_USUAL_DEPTH);
          return new CapturedSite(frame, fileOf(frame.getFileName()));
        }
        // Fewer than asked for: that was the whole stack.
        if (frames.length < limit || limit === MAX_DEPTH) break;
      }
    } finally {
      setLimit(limitBefore);
      // Where there was none it is left behind as `undefined`, which V8 and Node take for none: deleting it costs
      // 3.5 us, as much as all the rest, because V8 gives up the fast layout of `Error`.
      setFormat(formatBefore);
    }
  } catch {
    // Accessors that throw, frames that are none: the application's doing, and not worth failing a log call for.
  }
  return new CapturedSite(undefined, undefined);
}

function isCaller(frame: NodeJS.CallSite): boolean {
  const script = fileOf(frame.getFileName());
  // `Array.forEach` and the like are no place in any code: they alone have neither a file nor a line.
  return !script.isPassedOver && (script.path !== '' || frame.getLineNumber() !== null);
}

function setLimit(limit: number): void {
  try {
    Error.stackTraceLimit = limit;
  } catch {
    // Not writable: what it is has to do.
  }
}

function setFormat(format: typeof Error.prepareStackTrace): void {
  try {
    // `undefined` is not part of the property's type under exactOptionalPropertyTypes.
    (Error as { prepareStackTrace: unknown }).prepareStackTrace = format;
  } catch {
    // Not writable: then the stack is a string, and the site a nameless one.
  }
}
