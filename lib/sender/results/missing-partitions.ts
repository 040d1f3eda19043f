import type { DeliveryClient } from '../../clients/client.ts';
import { BoundedMap } from '../../util/bounded-map.ts';

// For how long it is believed that a topic has no more partitions than were found: a minute, as with other refusals.
const REMEMBERED_MS = 60_000;

// How many topics are remembered.
const MAX_TOPICS = 1_000;

/**
 * Topics that do not have a partition which the option `partition` names. A client asks for the partitions every five minutes
 * only (kafkajs's `metadataMaxAge`), and some may have been added meanwhile: so it takes a second client to confirm it.
 */
export class MissingPartitions {
  readonly #confirmed = new BoundedMap<string, { readonly count: number; readonly at: number }>(MAX_TOPICS);
  /** By topic, the client that has found that one is missing, and how many there were then. */
  readonly #found = new BoundedMap<string, { readonly client: DeliveryClient; readonly count: number }>(
    MAX_TOPICS,
  );

  /**
   * A partition is missing in what `client` knows of the topic.
   *
   * @param count how many partitions it knows
   * @returns whether that is certain; otherwise another client has to ask
   */
  onAbsent(topic: string, count: number, client: DeliveryClient, now: number): boolean {
    const known = this.#confirmed.get(topic);
    if (known?.count === count && now - known.at < REMEMBERED_MS) return true;
    const first = this.#found.get(topic);
    if (first === undefined || first.client === client || first.count !== count) {
      this.#found.set(topic, { client, count });
      return false;
    }
    this.#found.delete(topic);
    this.#confirmed.set(topic, { count, at: now });
    return true;
  }
}
