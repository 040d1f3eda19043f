import { messageOf } from '../errors.ts';

// Refusals in a row, without a success, after which a client is replaced and an outage is declared. Fewer happen
// in a healthy cluster: a leader moves, a topic is being created.
const PATIENCE = 4;
// The same for one lane, while others get through: a whole election of a new leader fits in there.
const LANE_PATIENCE = 8;

export interface Failure {
  cause: unknown;
  /** There is no connection to speak of: an outage at once. */
  isUnreachable: boolean;
  /** Failures in a row of the lane that it happened to; 0 if none. */
  laneFailures: number;
}

/** Whether records get through, as far as can be told from what became of the last ones. */
export class Health {
  state: 'idle' | 'up' | 'down' = 'idle';
  lastError: { message: string; at: number } | null = null;
  #failuresInRow = 0;
  readonly #wall: () => number;
  readonly #onOutage: (cause: unknown, unreachable: boolean) => void;

  constructor(wall: () => number, onOutage: (cause: unknown, unreachable: boolean) => void) {
    this.#wall = wall;
    this.#onOutage = onOutage;
  }

  noteSuccess(): void {
    this.#failuresInRow = 0;
    this.state = 'up';
  }

  /** There is nothing to send. */
  noteIdle(): void {
    if (this.state === 'up') this.state = 'idle';
  }

  noteError(cause: unknown): void {
    this.lastError = { message: messageOf(cause), at: this.#wall() };
  }

  /** @returns whether so much has gone wrong that a fresh client should be tried */
  noteFailure({ cause, isUnreachable, laneFailures }: Failure): boolean {
    this.noteError(cause);
    this.#failuresInRow++;
    const isLaneStuck = laneFailures > 0 && laneFailures % LANE_PATIENCE === 0;
    if (this.state !== 'down') {
      const isOutage = isUnreachable || this.#failuresInRow >= PATIENCE;
      if (isOutage) this.state = 'down';
      if (isOutage || isLaneStuck) this.#onOutage(cause, isUnreachable);
    }
    return isLaneStuck || this.#failuresInRow % PATIENCE === 0;
  }
}
