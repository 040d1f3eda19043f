export interface SpoolOptions {
  directory: string;
  /** `overflow`: what memory cannot hold, and what is left at the end. `always`: every record, before it is sent. */
  mode: 'overflow' | 'always';
  /** The most that this transport's files may take. */
  maxBytes: number;
}

export interface SpoolEvents {
  /** Records of other processes were found here. @returns the first of so many positions in the order of acceptance */
  onAdopted(records: number, positions: number): number;
  /** So many stretches of the files cannot be read. */
  onDamaged(stretches: number): void;
  /** So many records that waited here cannot be read any more. */
  onLost(records: number): void;
  /** Nothing can be written, or read. */
  onError(cause: unknown): void;
  /** There is something to send. */
  onWork(): void;
}

/**
 * The state of a queue. `held`: it cannot be sent now. `held-while-others-send`: it cannot, and others can. Records that are
 * held are written apart: in one segment with others, they would keep on disk what has long been delivered.
 */
export type QueueState = 'flowing' | 'held' | 'held-while-others-send';
