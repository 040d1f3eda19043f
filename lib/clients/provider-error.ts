import { messageOf } from '../errors.ts';
import { causesOf } from '../util/root-cause.ts';
import { attempt } from '../util/safely.ts';

export const PROVIDER_ERROR = 'ProviderError';

/**
 * A function of the application's that a client asks while it connects (for a token, the brokers, a log-in) has failed. kafkajs
 * also connects inside a send, which then fails with this: it says nothing of the send's records.
 */
export class ProviderError extends Error {
  override readonly name: string = PROVIDER_ERROR;

  /** @param option the one that the function stands in */
  constructor(option: string, cause: unknown) {
    super(`${option} failed: ${messageOf(cause)}`, { cause });
  }
}

/** Whether something is, or is caused by, such an error. By its name: it may come from a worker thread. */
export function isProviderError(error: unknown): boolean {
  return causesOf(error).some((at) => attempt(() => at.name) === PROVIDER_ERROR);
}
