import { messageOf } from '../errors.ts';

// Failures in a row after which a client is renewed or replaced, and an outage is declared. Fewer happen in a healthy cluster,
// when a leader moves or a topic is being created.
const MAX_FAILURES = 4;
// The same for one partition while others get through: long enough for the election of a new leader.
const MAX_QUEUE_FAILURES = 8;

export interface Failure {
  cause: unknown;
  /** Whether no broker could be reached: that is an outage at once. */
  isUnreachable: boolean;
  /** Failed sends in a row of its partition queue; 0 if it was no send. */
  queueFailures: number;
  /** The topic, if it was a send. */
  topic?: string;
}

export type HealthState = 'idle' | 'up' | 'down';

export interface HealthListeners {
  onOutage(cause: unknown, unreachable: boolean, topic?: string): void;
  onState(state: HealthState): void;
}

/** Derives from the results of the last sends whether records get through. */
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

  /** @returns whether there were enough failures to try a new client */
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
