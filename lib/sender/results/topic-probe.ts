// A topic function may come up with ever new ones. Forgotten, they are found out again.
const MAX_REJECTED_TOPICS = 1_000;

/**
 * Finds out whether a refused topic is really the one that is refused. A kafkajs client asks for the metadata of all
 * its topics at once, and fails with the error of the first bad one, whichever topic the send was for: an
 * authorisation that is taken away from one topic would have the records of others rejected. The transport's own are kept
 * from that (clients/kafkajs/workarounds/metadata.ts), a producer that was handed in is not. So a refusal is believed
 * from a client that has sent to this topic only; from others the topic is tried again, first and alone, with a
 * fresh one.
 */
export class TopicProbe {
  /** The topics that the client has been given. */
  #given = new Set<string>();
  /** Those whose refusal is certain: not to be tried again and again. */
  readonly #rejectedTopics = new Set<string>();
  #topic: string | undefined;

  /** The only topic that may be sent to now, if there is one. */
  get topic(): string | undefined {
    return this.#topic;
  }

  onFreshClient(): void {
    this.#given = new Set();
  }

  onSend(topic: string): void {
    this.#given.add(topic);
  }

  /** A send to the topic was refused. @returns whether that is certain; otherwise the topic is probed */
  onRefused(topic: string): boolean {
    const isCertain = this.#rejectedTopics.has(topic) || (this.#given.size === 1 && this.#given.has(topic));
    if (isCertain) {
      if (this.#rejectedTopics.size >= MAX_REJECTED_TOPICS) this.#rejectedTopics.clear();
      this.#rejectedTopics.add(topic);
      this.#end(topic);
    } else this.#topic = topic;
    return isCertain;
  }

  /** A send to the topic ended in some other way. */
  onOtherResult(topic: string): void {
    this.#rejectedTopics.delete(topic);
    this.#end(topic);
  }

  /** Ends the probe, whatever its topic is. @returns whether there was one */
  cancel(): boolean {
    const wasOn = this.#topic !== undefined;
    this.#topic = undefined;
    return wasOn;
  }

  #end(topic: string): void {
    if (this.#topic === topic) this.#topic = undefined;
  }
}
