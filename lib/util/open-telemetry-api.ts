/** What is needed of OpenTelemetry's `SpanContext`. */
export interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly traceState?: { serialize(): string } | undefined;
}

interface Context {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): Context;
}

interface ContextManager {
  active(): Context;
  with<Result>(context: Context, fn: () => Result): Result;
}

// Where every copy of @opentelemetry/api 1.x, whatever its module format, finds what an SDK has registered
// (api/src/internal/global-utils.ts). Read here as the API itself reads it: a package that is loaded where it is there would
// have to be found from two module formats, is missing in a bundle, and breaks the bundles of those who do not have it.
const API = Symbol.for('opentelemetry.js.api.1');

// `createContextKey` of the API is `Symbol.for`: api/src/trace/context-utils.ts, core/src/trace/suppress-tracing.ts.
const SPAN = Symbol.for('OpenTelemetry Context Key SPAN');
const SUPPRESS_TRACING = Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

const registry = globalThis as { [API]?: { context?: ContextManager } };

/** The span that is active now, as far as anybody traces. Never throws: it is asked for at each log call. */
export function activeSpan(): SpanContext | undefined {
  try {
    const span = registry[API]?.context?.active().getValue(SPAN) as
      | { spanContext(): SpanContext }
      | undefined;
    return span?.spanContext();
  } catch {
    return undefined;
  }
}

/** Runs `fn`, and all that it starts, where nothing is traced: as `suppressTracing` of @opentelemetry/core has it. */
export function untraced<Result>(fn: () => Result): Result {
  const manager = registry[API]?.context;
  return manager === undefined ? fn() : manager.with(manager.active().setValue(SUPPRESS_TRACING, true), fn);
}
