/** What `fn` returns; `undefined` where it throws. @param onError gets what it throws */
export function attempt<Value>(fn: () => Value, onError?: (error: unknown) => void): Value | undefined {
  try {
    return fn();
  } catch (error) {
    onError?.(error);
    return undefined;
  }
}

/** Whether something has fields: an array has, too, a function counts as none. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** The object that a text has in JSON; nothing where it is no such text. */
export function jsonObjectOf(text: string): Record<string, unknown> | undefined {
  const parsed: unknown = text.startsWith('{') ? attempt(() => JSON.parse(text)) : undefined;
  return isObject(parsed) ? parsed : undefined;
}
