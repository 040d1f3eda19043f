import { messageOf } from '../errors.ts';

// Failures in a row, without a success, after which a client is renewed or replaced and an outage is declared. Fewer happen
// in a healthy cluster: a leader moves, a topic is being created.
const MAX_FAILURES = 4;
// The same for one partition, while others get through: a whole election of a new leader fits in there.
const MAX_QUEUE_FAILURES = 8;

export interface Failure {
  cause: unknown;
  /** There is no connection to speak of: an outage at once. */
  isUnreachable: boolean;
  /** Failures in a row of the partition queue that it happened to; 0 if none. */
  queueFailures: number;
  /** Whose records it happened to, if it was a send. */
  topic?: string;
}

export type HealthState = 'idle' | 'up' | 'down';

export interface HealthListeners {
  onOutage(cause: unknown, unreachable: boolean, topic?: string): void;
  onState(state: HealthState): void;
}

/** Whether records get through, as far as can be told from what became of the last ones. */
export class Health {
  #state: HealthState = 'idle';
  lastError: { message: string; at: number } | null = null;
  #failuresInRow = 0;
  readonly #systemTime: () => number;
  readonly #listeners: HealthListeners;

  constructor(systemTime: () => number, listeners: HealthListeners) {
    this.#systemTime = systemTime;
    this.#listeners = listeners;
  }

  get state(): HealthState {
    return this.#state;
  }

  recordSuccess(): void {
    this.#failuresInRow = 0;
    this.#become('up');
  }

  /** There is nothing to send. */
  recordIdle(): void {
    if (this.state === 'up') this.#become('idle');
  }

  recordError(cause: unknown): void {
    this.lastError = { message: messageOf(cause), at: this.#systemTime() };
  }

  /** @returns whether so much has gone wrong that a fresh client should be tried */
  recordFailure({ cause, isUnreachable, queueFailures, topic }: Failure): boolean {
    this.recordError(cause);
    this.#failuresInRow++;
    const isQueueStuck = queueFailures > 0 && queueFailures % MAX_QUEUE_FAILURES === 0;
    if (this.state !== 'down') {
      const isOutage = isUnreachable || this.#failuresInRow >= MAX_FAILURES;
      if (isOutage) this.#become('down');
      if (isOutage || isQueueStuck) this.#listeners.onOutage(cause, isUnreachable, topic);
    }
    return isQueueStuck || this.#failuresInRow % MAX_FAILURES === 0;
  }

  #become(state: HealthState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#listeners.onState(state);
  }
}
