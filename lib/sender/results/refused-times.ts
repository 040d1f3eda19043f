import { isPacked } from '../../accumulator/batch.ts';
import type { ProducerBatch } from '../../accumulator/producer-batch.ts';
import { timestampOf } from '../../record/headers/sent-time.ts';
import { BoundedMap } from '../../util/bounded-map.ts';

// A record whose time is within this of now is not refused for its age: another time would change nothing.
const SAME_TIME_MS = 1_000;
// How often in a row a batch may be sent with new times: a send may wait for an outage in between. After that, a record is at
// fault, or the clock.
const MAX_IN_A_ROW = 8;
// How long a refusal is remembered. After that the original times are tried again: the topic may have another setting.
const REMEMBERED_MS = 600_000;
const MAX_TOPICS = 1_000;

interface Limit {
  /** Records as old as this are sent with the time of the send. Milliseconds. */
  ageMs: number;
  /** When it was learnt, on the wall clock. */
  at: number;
}

/**
 * Topics that take no record as old as ours (`message.timestamp.before.max.ms`): after an outage that is all that has waited.
 * A refused batch was not stored, so it is sent again as it is, with the time of the send as timestamp and the record's own
 * in the header `original-timestamp`.
 *
 * The answer does not say which age is too much. So what waits is sent with a new time, too, as soon as it is half as old as
 * the oldest record of the refused batch: a few refusals find any limit, and no record within half of it is touched.
 */
export class RefusedTimes {
  readonly #wall: () => number;
  readonly #limits = new BoundedMap<string, Limit>(MAX_TOPICS);

  constructor(wall: () => number) {
    this.#wall = wall;
  }

  /**
   * The broker has refused the time of a record in this batch: gives new ones to those whose time is not that of now.
   *
   * @returns whether it makes sense to send it again as it is
   */
  onRefused(batch: ProducerBatch): boolean {
    const now = this.#wall();
    const { records, topic, partitionQueue } = batch;
    const ahead = records.filter((record) => timestampOf(record) - now > SAME_TIME_MS);
    const behind = records.filter((record) => now - timestampOf(record) > SAME_TIME_MS);
    // Those that are ahead of the clock first: where there are any, nothing is said of the others' age.
    const changed = ahead.length > 0 ? ahead : behind;
    if (changed.length === 0 || partitionQueue.onRetimed() > MAX_IN_A_ROW) return false;
    const oldest = changed.reduce((least, record) => Math.min(least, timestampOf(record)), now);
    for (const record of changed) record.sentTime = now;
    if (now > oldest) this.#learn(topic, now, Math.max(SAME_TIME_MS, (now - oldest) / 2));
    return true;
  }

  /** A batch is about to be sent: what the topic would refuse for its age gets a new time now. */
  prepare(batch: ProducerBatch): void {
    const limit = this.#limits.get(batch.topic);
    if (limit === undefined) return;
    const now = this.#wall();
    if (Math.abs(now - limit.at) > REMEMBERED_MS) {
      this.#limits.delete(batch.topic);
      return;
    }
    if (!hasOlder(batch, now - limit.ageMs)) return;
    for (const record of batch.records) if (timestampOf(record) <= now - limit.ageMs) record.sentTime = now;
  }

  #learn(topic: string, now: number, ageMs: number): void {
    const known = this.#limits.get(topic)?.ageMs ?? Number.POSITIVE_INFINITY;
    this.#limits.set(topic, { ageMs: Math.min(known, ageMs), at: now });
  }
}

/** Without making objects of records that stand in pages, unless it has to be. */
function hasOlder({ content }: ProducerBatch, moment: number): boolean {
  return isPacked(content)
    ? content.some((page, at) => page.timeAt(at) <= moment)
    : content.some((record) => timestampOf(record) <= moment);
}
