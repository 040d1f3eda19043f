/** What `fn` returns; `undefined` where it throws. */
export function attempt<Value>(fn: () => Value): Value | undefined {
  try {
    return fn();
  } catch {
    return undefined;
  }
}

/** Whether something has fields: an array has, too, a function counts as none. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
