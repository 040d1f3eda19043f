import type { Clock } from '../../time/clock.ts';
import { rootCause } from '../../util/root-cause.ts';
import { LastTries } from './last-tries.ts';

// How long the end of a process waits for brokers that refuse and were never reached, because they may be starting.
// Connects go on meanwhile: 3 to 5 of them, with the default waits between.
const LAST_TRIES_MS = 1_000;

// Nobody listens at this address, there is none by this name, its certificate is refused, or it has no such log-in. Other errors
// may pass by themselves.
const REFUSALS = new Set<unknown>([
  ...['ECONNREFUSED', 'ENOTFOUND'],
  ...['CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN'],
  ...['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ...['UNSUPPORTED_SASL_MECHANISM', 'ILLEGAL_SASL_STATE', 'SASL_AUTHENTICATION_FAILED'],
]);

// The broker refuses the user name, the password or the token: Kafka's own clients do not try that again (KIP-152).
const REFUSED_LOGIN = 'KafkaJSSASLAuthenticationError';
// kafkajs gives the same name to a connection that breaks, or an answer that does not come, in the middle of a log-in.
const BROKEN_OFF = /connect|timed? ?out/i;

/**
 * Knows when the end of a process need not wait for a broker: none was ever reached, and all refuse. Otherwise a short
 * program on a machine without Kafka, or with a wrong password, would end only after `closeTimeoutMs`.
 */
export class UnreachedBrokers {
  /** How many connects in a row try all brokers. */
  readonly #brokers: number;
  #wasConnected = false;
  #refusalsInRow = 0;
  readonly #lastTries: LastTries;

  constructor(clock: Clock, brokers: number) {
    this.#lastTries = new LastTries(clock, LAST_TRIES_MS);
    this.#brokers = brokers;
  }

  onConnected(): void {
    this.#wasConnected = true;
  }

  recordFailure(cause: unknown): void {
    this.#refusalsInRow = isRefusal(cause) ? this.#refusalsInRow + 1 : 0;
    this.#lastTries.look();
  }

  /**
   * From now on, looks for a second whether a broker is there, and calls back when all have refused, after that at the
   * earliest.
   *
   * @returns a function that stops it
   */
  whenAllRefuse(then: () => void): () => void {
    // Earlier refusals do not count: each broker is tried at least once more.
    this.#refusalsInRow = 0;
    return this.#lastTries.begin(() => !this.#wasConnected && this.#refusalsInRow >= this.#brokers, then);
  }
}

function isRefusal(cause: unknown): boolean {
  const { name, type, code, message } = rootCause(cause);
  if (name === REFUSED_LOGIN) return !BROKEN_OFF.test(message);
  return REFUSALS.has(code) || REFUSALS.has(type);
}
