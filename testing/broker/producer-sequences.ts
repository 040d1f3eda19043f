// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// The idempotent producer's state of one partition, checked as a Kafka broker does: the last five
// batches of a producer are remembered, one of them sent again is answered with the offset it has already got.
import { ERROR } from './apis.ts';
import type { BatchHeader } from './record-batch.ts';

const REMEMBERED_BATCHES = 5;
const NO_PRODUCER = -1n;
const SEQUENCES = 2 ** 31;

interface KnownBatch {
  readonly first: number;
  readonly last: number;
  readonly baseOffset: number;
}

interface ProducerState {
  epoch: number;
  batches: KnownBatch[];
}

export type SequenceCheck = { readonly duplicateOf: number } | { readonly errorCode: number };

const lastSequence = (header: BatchHeader): number => (header.baseSequence + header.records - 1) % SEQUENCES;

export class ProducerSequences {
  readonly #producers = new Map<bigint, ProducerState>();

  /** Says whether the batch may be appended (errorCode 0), is known already, or is refused. */
  check(header: BatchHeader): SequenceCheck {
    const known = this.#producers.get(header.producerId);
    // A producer that the partition does not know may begin at any sequence (KIP-360).
    if (known === undefined) return { errorCode: ERROR.NONE };
    if (header.producerEpoch < known.epoch) return { errorCode: ERROR.INVALID_PRODUCER_EPOCH };
    if (header.producerEpoch > known.epoch) {
      return { errorCode: header.baseSequence === 0 ? ERROR.NONE : ERROR.OUT_OF_ORDER_SEQUENCE_NUMBER };
    }
    const last = lastSequence(header);
    const duplicate = known.batches.find(
      (batch) => batch.first === header.baseSequence && batch.last === last,
    );
    if (duplicate !== undefined) return { duplicateOf: duplicate.baseOffset };
    const newest = known.batches.at(-1);
    const expected = newest === undefined ? 0 : (newest.last + 1) % SEQUENCES;
    return { errorCode: header.baseSequence === expected ? ERROR.NONE : ERROR.OUT_OF_ORDER_SEQUENCE_NUMBER };
  }

  remember(header: BatchHeader, baseOffset: number): void {
    if (header.producerId === NO_PRODUCER) return;
    let state = this.#producers.get(header.producerId);
    if (state === undefined || state.epoch !== header.producerEpoch) {
      state = { epoch: header.producerEpoch, batches: [] };
      this.#producers.set(header.producerId, state);
    }
    state.batches.push({ first: header.baseSequence, last: lastSequence(header), baseOffset });
    if (state.batches.length > REMEMBERED_BATCHES) state.batches.shift();
  }
}
