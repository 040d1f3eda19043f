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

/** A plain object, which can be copied and written as JSON. */
export function plainSite({ function: name, module, file, line, column }: CallSite): CallSite {
  return { function: name, module, file, line, column };
}

/** Everything that a source map may change. */
type Place = Omit<CallSite, 'function'>;

const NOWHERE: Place = Object.freeze({ module: '', file: '', line: 0, column: 0 });

/**
 * A call site. V8's frame is read at once, in 0.3 us: it references the receiver of the call, which would stay in memory for
 * as long as somebody keeps the info. The source map is only asked when a field is read.
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
 * How many frames are captured at first: what `logger.info` takes. winston puts one to three of its own above the
 * caller (`info` in create-logger.js, `log` in logger.js, `winston.info` in winston.js) and one per level of children.
 *
 * The frames are read right away, so that even the first site is right however deep the children go: if no frame is the
 * caller's, the stack is captured again, deeper, and from then on as deep at once. That costs 4 us (Node 20): 1 for the
 * first frame, 0.45 for each further one (those that are left out included), 0.8 for their objects, and 0.05 to 0.1 for
 * each call of a frame's method.
 */
let depth = 3;

/** How far `depth` follows an application whose loggers are children of children. */
const MAX_USUAL_DEPTH = 16;
const MAX_DEPTH = 256;

// The application may replace it later (polyfills do).
export const captureStackTrace: typeof Error.captureStackTrace = Error.captureStackTrace;

const asTheyAre = (_: unknown, frames: NodeJS.CallSite[]): NodeJS.CallSite[] => frames;

/**
 * The object that the frames are captured into. It is reused, because setting the first `stack` of an object takes
 * 0.3 us, and setting another takes none.
 */
export const captured: { stack?: unknown } = {};

let isCapturing = false;
let limitBefore: typeof Error.stackTraceLimit;
let formatBefore: typeof Error.prepareStackTrace;

/**
 * Finding the caller of a log function takes three steps. The log function itself has to take the second:
 *
 *     beginCapture();
 *     captureStackTrace(captured, thisFunction);
 *     const site = endCapture(thisFunction);
 *
 * In a function below it, V8 would have to walk one frame more.
 *
 * Never throws, whatever the application has done to `Error`: in the worst case the site has no name.
 */
export function beginCapture(): void {
  // Re-entered: an accessor of the application on `Error` has logged.
  if (isCapturing) return;
  try {
    limitBefore = Error.stackTraceLimit;
    formatBefore = Error.prepareStackTrace;
    isCapturing = true;
  } catch {
    // Not readable, so it could not be restored: leave it unchanged.
    return;
  }
  setFormat(asTheyAre);
  setLimit(depth);
}

/** @param below the function whose frame, and all above it, have been left out */
// biome-ignore lint/complexity/noBannedTypes: any function at all, as `Error.captureStackTrace` has it
export function endCapture(below: Function): CapturedSite {
  try {
    let frames = framesIn(captured);
    let index = frames.findIndex(isCaller);
    // Fewer than asked for: that was the whole stack.
    if (index < 0 && frames.length >= depth) {
      setLimit(MAX_DEPTH);
      captureStackTrace(captured, below);
      frames = framesIn(captured);
      index = frames.findIndex(isCaller);
      if (index >= 0) depth = Math.min(index + 1, MAX_USUAL_DEPTH);
    }
    const frame = frames[index];
    if (frame !== undefined) return new CapturedSite(frame, fileOf(frame.getFileName()));
  } catch {
    // The application has changed `Error` (accessors that throw, objects that are no frames): the log call must not fail.
  } finally {
    // The frames reference the receivers of their calls.
    captured.stack = undefined;
    restore();
  }
  return new CapturedSite(undefined, undefined);
}

function framesIn({ stack }: { readonly stack?: unknown }): readonly NodeJS.CallSite[] {
  return Array.isArray(stack) ? stack : [];
}

function restore(): void {
  if (!isCapturing) return;
  isCapturing = false;
  setLimit(limitBefore);
  // If it was not set before, it stays as `undefined`, which V8 and Node treat the same: deleting it would cost 3.5 us,
  // as much as all the rest, because V8 gives up the fast layout of `Error`.
  setFormat(formatBefore);
}

function isCaller(frame: NodeJS.CallSite): boolean {
  const script = fileOf(frame.getFileName());
  // Skips built-in functions such as `Array.forEach`: only these have neither a file nor a line.
  return !script.isPassedOver && (script.path !== '' || frame.getLineNumber() !== null);
}

function setLimit(limit: number): void {
  try {
    Error.stackTraceLimit = limit;
  } catch {
    // Not writable: use the limit as it is.
  }
}

function setFormat(format: typeof Error.prepareStackTrace): void {
  try {
    // `undefined` is not part of the property's type under exactOptionalPropertyTypes.
    (Error as { prepareStackTrace: unknown }).prepareStackTrace = format;
  } catch {
    // Not writable: the stack is a string then, and the site has no name.
  }
}
