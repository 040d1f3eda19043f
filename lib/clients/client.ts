import type { Batch } from '../accumulator/batch.ts';
import type { DropReason, PendingRecord } from '../record/record.ts';

/** What delivery needs of a Kafka client: one that is used for a while and then replaced by a fresh one. */
export interface DeliveryClient {
  connect(): Promise<void>;
  /**
   * Sends one batch, once, and binds it to the partition that it goes to as soon as that is known: also where nobody waits any more.
   * Resolves with the client's answer, which is to be judged.
   */
  send(batch: Batch): Promise<unknown>;
  /** Closes its connections. May hang, as the client's own `disconnect` may: the caller has a deadline. */
  close(): Promise<void>;
  /**
   * Only where a fresh client would lose something: cuts the connections, and resolves when the same client can be
   * used again. An idempotent producer keeps its identity by that, and the broker knows what it has got already.
   */
  renew?(): Promise<void>;
  /** Cuts what `close` could not end, so that nothing of this client reaches the broker any more. */
  kill(): void;
}

/** What fails because its client was given up says so. */
export const GIVEN_UP = 'given up by winston-kafkajs';

/** A source of clients, and what is the same for all that it makes. */
export interface ClientSource {
  make(): DeliveryClient;
  /** See `BatchingPolicy.keepsSendTogether`. */
  readonly keepsSendTogether: boolean;
  /** Whether an unused client should be closed, and whether one that fails can be replaced. */
  readonly isOwned: boolean;
  /** See `BatchingPolicy.resendsWhole`. */
  readonly resendsWhole: boolean;
  /** How many of its clients, in a row, reach for different brokers: one broker that is down is no outage. */
  readonly brokerCount: number;
  /** Frees what its clients have in common, when none is in use any more. The next one may be made all the same. */
  dispose?(): Promise<void>;
  /** Only where something goes on while the event loop stands still. */
  readonly exitDrain?: ExitDrain;
}

/** What became of a send: the client's answer, or its error. */
export type SendOutcome = { answer: unknown } | { error: unknown };

/** What can still be done when the process ends. Each method blocks until it is done, or the time is up. */
export interface ExitDrain {
  /** Waits for sends that are under way. @param until on the monotonic clock */
  awaitSends<Sent extends Batch>(
    batches: ReadonlySet<Sent>,
    until: number,
    onOutcome: (batch: Sent, outcome: SendOutcome) => void,
  ): void;
  /** Sends what is left, in the given order. */
  send(records: readonly PendingRecord[], until: number, events: ExitDrainEvents): void;
}

export interface ExitDrainEvents {
  onDelivered(records: readonly PendingRecord[]): void;
  onDropped(record: PendingRecord, reason: DropReason, cause: unknown): void;
  onOutage(cause: unknown): void;
}

/**
 * How records reach Kafka: in record batches of our own over kafkajs's connection (`fast`), by kafkajs's public `send`, or by a
 * client that is not the transport's (`client`).
 */
export type SendPath = 'fast' | 'send' | 'client';

/** What clients have to say beside their answers. */
export interface ClientListeners {
  readonly onPartitions: PartitionsListener;
  /** Another path is used from now on. */
  onPath(path: SendPath): void;
  /** A broker asks for no request during so many milliseconds; the client sees to that. */
  onThrottle(ms: number): void;
}

/** Called with what a client finds out about a topic's partitions. */
export type PartitionsListener = (topic: string, count: number, writable: readonly number[]) => void;
