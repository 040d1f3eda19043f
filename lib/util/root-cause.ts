/** What can be read of an error, whatever it is. */
export interface ErrorFacts {
  readonly name: unknown;
  readonly type: unknown;
  readonly code: unknown;
  readonly message: string;
}

/**
 * What the error at the bottom says. kafkajs's own retry wraps it, and the wrapper's `retriable` is wrong for
 * outages. Never throws, whatever it is given.
 */
export function rootCause(error: unknown): ErrorFacts {
  try {
    let facts = isObject(error) ? error : {};
    // Not `instanceof Error`: under Jest the errors of Node's core are of another realm.
    for (let depth = 0; depth < 8 && isObject(facts.cause); depth++) facts = facts.cause;
    const { name, type, code, message } = facts;
    return { name, type, code, message: String(message) };
  } catch {
    return { name: undefined, type: undefined, code: undefined, message: '' };
  }
}

interface ErrorLike {
  name?: unknown;
  type?: unknown;
  code?: unknown;
  message?: unknown;
  cause?: unknown;
}

function isObject(value: unknown): value is ErrorLike {
  return typeof value === 'object' && value !== null;
}
