/** A send that failed with its connection, before its records had left this process: no broker can have them. */
export class NotSentError extends Error {
  override readonly name = 'NotSentError';
}

/** Whether the broker cannot have any of the records of a send that failed so. */
export function isNotSent(error: unknown): boolean {
  let at = error;
  for (let depth = 0; depth < 8 && at instanceof Error; depth++) {
    if (at.name === 'NotSentError') return true;
    at = at.cause;
  }
  return false;
}
