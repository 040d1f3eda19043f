import { guardSync } from '../loop-safety/guard.ts';
import type { Warnings } from '../observe/warnings.ts';
import type { Info } from '../util/info.ts';
import { isObject } from '../util/safely.ts';
import { handleRejection, isThenable } from '../util/thenable.ts';

/** The interface of a winston format, as the option `format` takes one. */
export interface TransportFormat {
  transform(info: never, options?: unknown): unknown;
  readonly options?: unknown;
}

export type Formatted =
  | { readonly kind: 'info'; readonly info: Info }
  /** The format returned something falsy, to filter the record out. */
  | { readonly kind: 'kept-out' }
  | { readonly kind: 'failed'; readonly cause: unknown };

const CONSEQUENCE = 'the record is dropped as invalid';

/** Runs the transport's own `format` as winston-transport does, but never throws into the application. */
export function formatted(info: Info, format: TransportFormat, warnings: Warnings): Formatted {
  let result: unknown;
  try {
    // A copy: the other transports get the same info.
    result = guardSync(() => format.transform(Object.assign({}, info) as never, format.options));
    if (isThenable(result)) handleRejection(result);
    else if (isObject(result)) return { kind: 'info', info: result };
  } catch (cause) {
    warnings.callbackFailed('format', cause, CONSEQUENCE);
    return { kind: 'failed', cause };
  }
  if (!result) return { kind: 'kept-out' };
  warnings.invalidReturn('format', 'an info, or false', result, CONSEQUENCE);
  return { kind: 'failed', cause: new Error('the format returned no info') };
}
