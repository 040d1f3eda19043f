import type { SendResult } from '../../clients/send-result.ts';
import { isUnknownTopic } from '../../protocol/unknown-topic.ts';
import type { Clock } from '../../time/clock.ts';
import { BoundedMap } from '../../util/bounded-map.ts';
import { rootCause } from '../../util/root-cause.ts';
import { LastTries } from './last-tries.ts';

// How long the end of a process waits for topics that have never been there: a broker that makes topics by itself says of a new
// one, for a moment, that there is none. The sends go on meanwhile: 4 to 6 of them, with the default waits between.
const LAST_TRIES_MS = 2_000;

// How many topics are remembered: a topic function may come up with ever new ones.
const MAX_TOPICS = 1_000;

/**
 * Knows when the end of a process need not wait for a topic: the broker says that there is none, it has never taken a record
 * from this process, and nothing else is left to send. A program with a typo in its topic would otherwise end only after
 * `closeTimeoutMs`.
 */
export class MissingTopics {
  readonly #waiting: () => readonly string[] | undefined;
  /** Those that have taken a record: one of them may be away for a moment. */
  readonly #found = new BoundedMap<string, true>(MAX_TOPICS);
  /** By topic: whether the broker has said so since the wait for the end began. */
  readonly #missing = new BoundedMap<string, boolean>(MAX_TOPICS);
  readonly #lastTries: LastTries;

  /** @param waiting the topics that records wait for; nothing where other records wait, too */
  constructor(clock: Clock, waiting: () => readonly string[] | undefined) {
    this.#lastTries = new LastTries(clock, LAST_TRIES_MS);
    this.#waiting = waiting;
  }

  /** A send was answered, and its records have been seen to. */
  onResult(topic: string, result: SendResult): void {
    if (result.kind === 'delivered') this.#found.set(topic, true);
    const isUnknown = result.kind === 'retry' && isUnknownTopic(rootCause(result.cause));
    if (isUnknown && !this.#found.has(topic)) this.#missing.set(topic, true);
    else this.#missing.delete(topic);
    this.#lastTries.look();
  }

  /**
   * From now on, looks for two seconds whether the topics are there, and calls back when all that is left is for missing ones,
   * after that at the earliest.
   *
   * @returns ends it
   */
  whenOnlyMissing(then: () => void): () => void {
    // What was said before does not count: there is one more try at least.
    for (const topic of this.#missing.keys()) this.#missing.set(topic, false);
    const isInVain = (): boolean => {
      const waiting = this.#waiting() ?? [];
      return waiting.length > 0 && waiting.every((topic) => this.#missing.get(topic) === true);
    };
    return this.#lastTries.begin(isInVain, then);
  }
}
