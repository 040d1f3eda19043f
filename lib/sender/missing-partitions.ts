import type { DeliveryClient } from '../clients/client.ts';

// For how long it is believed that a topic has no more partitions than were found: a minute, as with other refusals.
const REMEMBERED_MS = 60_000;

// How many topics are remembered.
const MAX_TOPICS = 1_000;

/**
 * Topics that do not have a partition which the option `partition` names. A client asks for the partitions every five minutes
 * only (kafkajs's `metadataMaxAge`), and some may have been added meanwhile: so it takes a second client to confirm it.
 */
export class MissingPartitions {
  readonly #confirmed = new Map<string, { readonly count: number; readonly at: number }>();
  /** By topic, the client that has found that one is missing. */
  readonly #found = new Map<string, DeliveryClient>();

  /**
   * A partition is missing in what `client` knows of the topic.
   *
   * @param count how many partitions it knows
   * @returns whether that is certain; otherwise another client has to ask
   */
  isCertain(topic: string, count: number, client: DeliveryClient, now: number): boolean {
    const known = this.#confirmed.get(topic);
    if (known?.count === count && now - known.at < REMEMBERED_MS) return true;
    const first = this.#found.get(topic);
    if (first === undefined || first === client) {
      this.#found.set(topic, client);
      return false;
    }
    this.#found.delete(topic);
    if (this.#confirmed.size >= MAX_TOPICS) this.#confirmed.clear();
    this.#confirmed.set(topic, { count, at: now });
    return true;
  }
}
