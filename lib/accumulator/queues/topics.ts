import type { BatchingPolicy } from '../batching-policy.ts';
import type { ProducerBatch } from '../producer-batch.ts';
import { TopicQueues } from './topic-queues.ts';

// How many topics may be known before those with nothing to send are forgotten. A topic's queues are a few hundred
// bytes, and what they have learnt is found out again with the next send.
const MAX_TOPICS = 1_000;

/** The queues of all topics, in the order in which topics send. */
export class Topics {
  readonly #policy: BatchingPolicy;
  readonly #queues = new Map<string, TopicQueues>();
  #tidyAt = MAX_TOPICS;

  constructor(policy: BatchingPolicy) {
    this.#policy = policy;
  }

  [Symbol.iterator](): IterableIterator<TopicQueues> {
    return this.#queues.values();
  }

  /** Those of which records wait in memory, or for what is on disk. */
  get waiting(): readonly string[] {
    return [...this.#queues].filter(([, queues]) => !queues.isIdle).map(([topic]) => topic);
  }

  /** Nothing where the topic is not known. */
  get(topic: string): TopicQueues | undefined {
    return this.#queues.get(topic);
  }

  /** Those of a topic that may be new. */
  of(topic: string): TopicQueues {
    let queues = this.#queues.get(topic);
    if (queues === undefined) {
      if (this.#queues.size >= this.#tidyAt) this.#forgetIdle();
      queues = new TopicQueues(topic, this.#policy);
      this.#queues.set(topic, queues);
    }
    return queues;
  }

  /** The next batch that is due. @param only the one topic that may be asked */
  drain(now: number, force: boolean, only: string | undefined): ProducerBatch | undefined {
    for (const [topic, queues] of this.#queues) {
      if (only !== undefined && topic !== only) continue;
      const batch = queues.drain(now, force);
      if (batch === undefined) continue;
      // To the end of the line: a topic that is always busy must not starve the others.
      this.#queues.delete(topic);
      this.#queues.set(topic, queues);
      return batch;
    }
    return undefined;
  }

  /** When the next batch is due, on the monotonic clock. */
  nextDue(force: boolean): number | undefined {
    let next: number | undefined;
    for (const queues of this.#queues.values()) {
      const due = queues.nextDue(force);
      if (due !== undefined && (next === undefined || due < next)) next = due;
    }
    return next;
  }

  #forgetIdle(): void {
    for (const [topic, queues] of this.#queues) if (queues.isIdle) this.#queues.delete(topic);
    // Not with each topic from then on: in an outage none of them is idle.
    this.#tidyAt = Math.max(MAX_TOPICS, 2 * this.#queues.size);
  }
}
