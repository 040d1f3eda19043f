import { causesOf } from '../util/root-cause.ts';
import { attempt } from '../util/safely.ts';

/** A send that failed with its connection, before its records had left this process: no broker can have them. */
export class NotSentError extends Error {
  override readonly name = 'NotSentError';
}

/** Whether the broker cannot have any of the records of a send that failed so. */
export function isNotSent(error: unknown): boolean {
  return causesOf(error).some((at) => attempt(() => at.name) === 'NotSentError');
}
