/**
 * Throws. In what is packed this is a file of its own, of short lines: of an error that nobody catches Node shows the line that has
 * thrown it, or the first one of its stack, and that of a bundle would be all of its code. So the stack begins here.
 */
export function throwError(error: Error): never {
  Error.captureStackTrace(error);
  throw error;
}
