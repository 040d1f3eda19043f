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
  /** Makes the source of clients; what these find out about partitions goes to the listener. */
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
  /** What may have sends pause: the loop detector. */
  gate?: SendGate | undefined;
  spool?: Spool | undefined;
  /** Makes the records' values, if these are not their texts. */
  serializer?: Serializer | undefined;
}

/** What the sender reports. */
export interface SenderEvents {
  /** The broker has acknowledged these. */
  onDelivered(records: Records): void;
  onDropped: DropListener;
  /** A topic cannot be sent, and its records wait on disk while others' pass them. Told once each time it comes to that. */
  onHeld?(held: HeldTopic): void;
  /**
   * Nothing gets through any more; told once per outage. `unreachable`: there is no connection to speak of. `topic`: whose send
   * has failed, if it was one.
   */
  onOutage(cause: unknown, unreachable: boolean, topic?: string): void;
  /** What `serialize` needs is not there; told once per outage. */
  onSerializerOutage?(cause: unknown): void;
  /** A send has been answered, after so many milliseconds, and its records have been seen to. */
  onAnswer(batch: ProducerBatch, result: SendResult, durationMs: number, isRetry: boolean): void;
  /** Whether records get through has changed. */
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

/** What a send may be held up by for a moment: the loop detector. */
export interface SendGate {
  /**
   * A batch is due.
   *
   * @param now monotonic milliseconds
   * @param mayPause whether nothing speaks against it
   * @returns until when nothing is to be sent: then it is asked again
   */
  pauseUntil(now: number, mayPause: boolean): number;
  /** A batch of so many records goes out. @param isForced because somebody flushes */
  onSend(now: number, isForced: boolean, records: number): void;
}
