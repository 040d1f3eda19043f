import { attempt, isObject } from './safely.ts';

/** What can be read of an error, whatever it is. */
export interface ErrorFacts {
  readonly name: unknown;
  readonly type: unknown;
  readonly code: unknown;
  readonly message: string;
}

/**
 * An error and its causes, the outermost first; never throws. Not `instanceof Error`: under Jest those of Node's core are of
 * another realm.
 */
export function causesOf(error: unknown): Record<string, unknown>[] {
  const causes: Record<string, unknown>[] = [];
  const add = (at: unknown): void => {
    if (!isObject(at) || causes.length > 8) return;
    causes.push(at);
    add(attempt(() => at.cause));
  };
  add(error);
  return causes;
}

/**
 * What the error at the bottom says. kafkajs's own retry wraps it, and the wrapper's `retriable` is wrong for
 * outages. Never throws, whatever it is given.
 */
export function rootCause(error: unknown): ErrorFacts {
  try {
    const { name, type, code, message } = causesOf(error).at(-1) ?? {};
    return { name, type, code, message: String(message) };
  } catch {
    return { name: undefined, type: undefined, code: undefined, message: '' };
  }
}
