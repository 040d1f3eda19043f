import type { SendResult } from '../../clients/send-result.ts';
import { isUnknownTopic } from '../../protocol/unknown-topic.ts';
import type { Clock } from '../../time/clock.ts';
import { BoundedMap } from '../../util/bounded-map.ts';
import { rootCause } from '../../util/root-cause.ts';
import { LastTries } from './last-tries.ts';

// How long the end of a process waits for topics that have never existed: a broker that creates topics by itself reports a new
// one as unknown for a moment. Sends go on meanwhile: 4 to 6 of them, with the default waits between.
const LAST_TRIES_MS = 2_000;

// How many topics are remembered: a `topic` function may return any number of them.
const MAX_TOPICS = 1_000;

/**
 * Knows when the end of a process need not wait for a topic: the broker says that it does not exist, no record of this
 * process was delivered to it, and nothing else is left to send. Otherwise a program with a typo in its topic would end
 * only after `closeTimeoutMs`.
 */
export class MissingTopics {
  readonly #waiting: () => readonly string[] | undefined;
  /** Topics to which a record was delivered: such a topic may be missing only for a moment. */
  readonly #found = new BoundedMap<string, true>(MAX_TOPICS);
  /** Missing topics; the value says whether the broker has reported it again since the wait began. */
  readonly #missing = new BoundedMap<string, boolean>(MAX_TOPICS);
  readonly #lastTries: LastTries;

  /** @param waiting the topics of the waiting records; `undefined` if others wait, too */
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
   * @returns a function that stops it
   */
  whenOnlyMissing(then: () => void): () => void {
    // Earlier answers do not count: each topic is tried at least once more.
    for (const topic of this.#missing.keys()) this.#missing.set(topic, false);
    const isInVain = (): boolean => {
      const waiting = this.#waiting() ?? [];
      return waiting.length > 0 && waiting.every((topic) => this.#missing.get(topic) === true);
    };
    return this.#lastTries.begin(isInVain, then);
  }
}
