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

/** With fields of its own, for whoever copies it or writes it as JSON. */
export function plainSite({ function: name, module, file, line, column }: CallSite): CallSite {
  return { function: name, module, file, line, column };
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
 * How many frames are captured at first: what `logger.info` takes. winston puts one to three of its own above the
 * caller (`info` in create-logger.js, `log` in logger.js, `winston.info` in winston.js) and one per level of children.
 *
 * The frames are looked at right away, so that a site is right the first time however deep the children go: if
 * none is the caller's, the stack is captured again, deeper, while it still stands. From then on it is captured as deep
 * as that at once. Looking at once is cheaper than looking later: of 4 us, V8 takes 1 for the first frame and 0.45
 * for each further one, those that are left out included, 0.8 for the objects that stand for them, and 0.05 to 0.1 for
 * each question about one (Node 20).
 */
let depth = 3;

/** How far `depth` follows an application whose loggers are children of children. */
const MAX_USUAL_DEPTH = 16;
const MAX_DEPTH = 256;

// The application may replace it later (polyfills do).
export const captureStackTrace: typeof Error.captureStackTrace = Error.captureStackTrace;

const asTheyAre = (_: unknown, frames: NodeJS.CallSite[]): NodeJS.CallSite[] => frames;

/**
 * What the frames are captured into. The same one each time: giving an object its first `stack` takes 0.3 us, giving
 * it another takes none.
 */
export const captured: { stack?: unknown } = {};

let isCapturing = false;
let limitBefore: typeof Error.stackTraceLimit;
let formatBefore: typeof Error.prepareStackTrace;

/**
 * Finding the caller of a log function takes three steps, the second of which that function has to take by itself:
 *
 *     beginCapture();
 *     captureStackTrace(captured, thisFunction);
 *     const site = endCapture(thisFunction);
 *
 * Taken further down, V8 would have a frame more to walk: it walks those as well that it leaves out.
 *
 * Never throws, whatever the application has done to `Error`: in the worst case the site is a nameless one.
 */
export function beginCapture(): void {
  // An accessor of the application's that logs.
  if (isCapturing) return;
  try {
    limitBefore = Error.stackTraceLimit;
    formatBefore = Error.prepareStackTrace;
    isCapturing = true;
  } catch {
    // Not readable: then it must not be changed either.
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
    // Accessors that throw, frames that are none: the application's doing, and not worth failing a log call for.
  } finally {
    // The frames hold on to the receivers of their calls.
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
  // Where there was none it is left behind as `undefined`, which V8 and Node take for none: deleting it costs
  // 3.5 us, as much as all the rest, because V8 gives up the fast layout of `Error`.
  setFormat(formatBefore);
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
