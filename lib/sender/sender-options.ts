import type { Records } from '../accumulator/batch.ts';
import type { BatchingPolicy, BatchLimits } from '../accumulator/batching-policy.ts';
import type { Ledger } from '../accumulator/ledger.ts';
import type { BufferLimits } from '../accumulator/memory-limit.ts';
import type { ProducerBatch } from '../accumulator/producer-batch.ts';
import type { HeldTopic } from '../accumulator/queues/held-queues.ts';
import type { DropListener } from '../accumulator/record-dropper.ts';
import type { ClientSource, PartitionsListener } from '../clients/client.ts';
import type { SendResult } from '../clients/send-result.ts';
import type { Serializer } from '../record/value/serializer.ts';
import type { Spool } from '../spool/spool.ts';
import type { BackoffOptions } from '../time/backoff.ts';
import type { Clock } from '../time/clock.ts';
import type { HealthState } from './health.ts';

export interface SenderOptions {
  /** Creates the source of clients. `onPartitions` hears what a client finds out about partitions. */
  source(onPartitions: PartitionsListener): ClientSource;
  clock: Clock;
  random(): number;
  batch: BatchLimits;
  buffer: BufferLimits;
  retry: BackoffOptions & { maxAgeMs: number | undefined };
  requestTimeoutMs: number;
  idleTimeoutMs: number;
  partitionOfKey: BatchingPolicy['partitionOfKey'];
  ledger: Ledger;
  /** May pause the sends: the loop detector. */
  gate?: SendGate | undefined;
  spool?: Spool | undefined;
  /** Calls the option `serialize`, if it is set. */
  serializer?: Serializer | undefined;
}

/** What the sender reports. */
export interface SenderEvents {
  /** The broker has acknowledged these records. */
  onDelivered(records: Records): void;
  onDropped: DropListener;
  /** A topic's records cannot be sent, and wait on disk while others are sent. Called once each time this begins. */
  onHeld?(held: HeldTopic): void;
  /**
   * No record gets through; called once per outage. `unreachable`: no broker could be reached. `topic`: that of the failed send,
   * if it was a send.
   */
  onOutage(cause: unknown, unreachable: boolean, topic?: string): void;
  /** A service that `serialize` needs is not available; called once per outage. */
  onSerializerOutage?(cause: unknown): void;
  /** A send was answered, and its records have been dealt with. */
  onAnswer(batch: ProducerBatch, result: SendResult, durationMs: number, isRetry: boolean): void;
  /** The state has changed. */
  onState(state: HealthState): void;
}

/** What became of all records that had been accepted when a flush began. */
export interface FlushReport {
  /** Acknowledged by the broker. */
  delivered: number;
  /** Not delivered, and counted with a reason under `stats().dropped`. */
  dropped: number;
  /** Still waiting when the flush ran out of time; 0 otherwise. */
  pending: number;
}

/** The loop detector, as far as the send loop needs it: it may hold a send back for a moment. */
export interface SendGate {
  /**
   * Called when a batch is due.
   *
   * @param now monotonic milliseconds
   * @param mayPause whether a pause is harmless now
   * @returns until when nothing is to be sent; it is called again then
   */
  pauseUntil(now: number, mayPause: boolean): number;
  /** A batch is sent. @param isForced whether because of a flush @param records how many it has */
  onSend(now: number, isForced: boolean, records: number): void;
}
