import type { Batch } from '../accumulator/batch.ts';
import type { ErrorFacts } from '../util/root-cause.ts';

/**
 * What an error says of the sequence numbers of an idempotent producer. Everything that handles such errors asks here.
 *
 * - `already-stored`: the broker has this batch already. It counts as delivered.
 * - `out-of-sequence`: the broker expects other numbers in this partition, or has forgotten its producers.
 * - `unknown-producer`: the producer's id or epoch is of no use any more, in no partition.
 * - `needs-new-producer`: a batch was not sent, because only a new producer can go on.
 * - `renumbered`: the batch goes again under new numbers, with the same client.
 */
export type SequenceFault =
  | 'already-stored'
  | 'out-of-sequence'
  | 'unknown-producer'
  | 'needs-new-producer'
  | 'renumbered';

// Kafka's error codes, by code and by kafkajs's names: another engine behind `producer` may only give one.
const FAULTS: ReadonlyMap<unknown, SequenceFault> = new Map<unknown, SequenceFault>([
  [46, 'already-stored'],
  ['DUPLICATE_SEQUENCE_NUMBER', 'already-stored'],
  [45, 'out-of-sequence'],
  ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'out-of-sequence'],
  [59, 'out-of-sequence'],
  ['UNKNOWN_PRODUCER_ID', 'out-of-sequence'],
  [47, 'unknown-producer'],
  ['INVALID_PRODUCER_EPOCH', 'unknown-producer'],
  [49, 'unknown-producer'],
  ['INVALID_PRODUCER_ID_MAPPING', 'unknown-producer'],
]);
// The errors below, by their names: they may come from a worker thread.
const OWN_FAULTS: ReadonlyMap<unknown, SequenceFault> = new Map<unknown, SequenceFault>([
  ['SequenceError', 'needs-new-producer'],
  ['RenumberedError', 'renumbered'],
]);

/** @returns nothing where it has nothing to do with sequence numbers */
export function sequenceFaultOf({ name, type, code }: ErrorFacts): SequenceFault | undefined {
  return FAULTS.get(type) ?? FAULTS.get(code) ?? OWN_FAULTS.get(name);
}

/** A batch was not sent: under the numbers that it would have, the broker might take it for another one. */
export class SequenceError extends Error {
  override readonly name = 'SequenceError';

  constructor({ topic, partition }: Pick<Batch, 'topic' | 'partition'>, why: string) {
    super(`partition ${partition} of topic "${topic}": ${why}: only a new producer can go on`);
  }
}

/** A broker has refused the numbers of a batch. Without the refusal as its cause: the client is as good as before. */
export class RenumberedError extends Error {
  override readonly name = 'RenumberedError';

  constructor({ topic, partition }: Batch, why: string) {
    super(
      `partition ${partition} of topic "${topic}": ${why}. The batch goes again under a new epoch of the producer, and may arrive twice`,
    );
  }
}
