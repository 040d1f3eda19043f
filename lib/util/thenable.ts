export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  try {
    return typeof (value as { then?: unknown }).then === 'function';
  } catch {
    // A getter that throws: whoever awaits the value will hear of it.
    return false;
  }
}

/**
 * Sees to it that a promise which a function of the caller's has returned does not end the process by being rejected.
 * Anything else is left alone.
 */
export function handleRejection(
  value: unknown,
  onRejected: (error: unknown) => void = () => undefined,
): void {
  if (!isThenable(value)) return;
  try {
    value.then(undefined, onRejected);
  } catch (error) {
    // A `then` of the caller's own making.
    onRejected(error);
  }
}
