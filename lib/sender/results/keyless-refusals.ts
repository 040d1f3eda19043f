import { isPacked } from '../../accumulator/batch.ts';
import type { ProducerBatch } from '../../accumulator/producer-batch.ts';
import type { PendingRecord } from '../../record/record.ts';
import { BoundedMap } from '../../util/bounded-map.ts';

// How many records without key must have been refused, each alone and none delivered in between, before all of the topic's are
// refused together. More where the topic has taken such records before: then it may be something else about these.
const REFUSED_IN_A_ROW = 8;
const REFUSED_IN_A_ROW_LATER = 64;
// How long until the next one is tried alone again: a refused batch does not show that one of its records would be taken.
const CHECK_AFTER_MS = 10_000;
const MAX_TOPICS = 1_000;

interface KeylessTopic {
  hasDelivered: boolean;
  refusedInRow: number;
  /** When the last one was tried alone, on the monotonic clock. */
  checkedAt: number;
}

/**
 * Topics that take no record without key: a compacted one answers INVALID_RECORD to each batch that has such a record, and
 * does not say why. Found one by one, they would be refused more slowly than they are logged.
 */
export class KeylessRefusals {
  readonly #now: () => number;
  readonly #topics = new BoundedMap<string, KeylessTopic>(MAX_TOPICS);

  /** @param now monotonic milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns the records of a refused batch that are refused for having no key; none while that is not certain */
  onRefused({ topic, records }: ProducerBatch): readonly PendingRecord[] {
    const keyless = records.filter(({ key }) => key === null);
    if (keyless.length === 0) return [];
    const known = this.#topic(topic);
    if (records.length === 1) {
      known.refusedInRow++;
      known.checkedAt = this.#now();
    }
    const needed = known.hasDelivered ? REFUSED_IN_A_ROW_LATER : REFUSED_IN_A_ROW;
    if (known.refusedInRow < needed) return [];
    return this.#now() - known.checkedAt < CHECK_AFTER_MS ? keyless : [];
  }

  onDelivered({ topic, content }: ProducerBatch): void {
    const known = this.#topic(topic);
    if (known.hasDelivered && known.refusedInRow === 0) return;
    const hasKeyless = isPacked(content)
      ? content.some((page, at) => page.keyAt(at) === null)
      : content.some(({ key }) => key === null);
    if (!hasKeyless) return;
    known.hasDelivered = true;
    known.refusedInRow = 0;
  }

  #topic(topic: string): KeylessTopic {
    let known = this.#topics.get(topic);
    if (known === undefined) {
      known = { hasDelivered: false, refusedInRow: 0, checkedAt: 0 };
      this.#topics.set(topic, known);
    }
    return known;
  }
}
