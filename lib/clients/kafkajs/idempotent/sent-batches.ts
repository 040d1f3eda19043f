import { type Batch, seqsOf } from '../../../accumulator/batch.ts';
import { SequenceError } from '../../idempotence.ts';
import { isRefused } from './produce-answers.ts';

const IN_THE_WAY = 'a batch was given up while the broker may have stored it';
// A topic function may come up with ever new topics.
const MAX_PARTITIONS = 1_000;
const TOO_MANY = `${MAX_PARTITIONS} other partitions have a batch that the broker may have stored without an answer`;

interface Sent {
  readonly seqs: readonly number[];
  /** Whether the broker may have stored it without having said so. */
  isOpen: boolean;
  /** What the broker has answered. */
  answer: unknown;
}

/**
 * For sends whose numbers are kafkajs's (without the fast path). Its idempotent producer gives a failed batch's sequence numbers
 * to whatever it sends next to that partition. If that were other records, as many, a broker that has stored the first batch would
 * take them for a repetition and throw them away. So nothing but the same batch may follow; and one that was answered too late for
 * whoever sent it is not sent a second time, under new numbers.
 */
export class SentBatches {
  /** Those that were sent to last come last. */
  readonly #last = new Map<string, Sent>();

  /** Sends a batch, unless it was answered before. Rejects with a `SequenceError` where another batch must come first. */
  async send(batch: Batch, send: (onUnwritten: () => void) => Promise<unknown>): Promise<unknown> {
    const before = this.#before(batch);
    if (before !== undefined && isSame(before, batch) && !before.isOpen) return before.answer;
    if (isInTheWay(before, batch)) throw new SequenceError(batch, IN_THE_WAY);
    if (before === undefined && !this.#makeRoom()) throw new SequenceError(batch, TOO_MANY);
    const sent: Sent = { seqs: seqsOf(batch.content), isOpen: true, answer: undefined };
    if (batch.partition !== undefined) this.#remember(batch, sent);
    let isUnwritten = false;
    try {
      sent.answer = await send(() => {
        isUnwritten = true;
      });
    } catch (error) {
      // Not, as far as that is known, unless an earlier attempt was.
      const isNotStored = before?.isOpen !== true && (isUnwritten || isRefused(error));
      if (!isNotStored && batch.partition !== undefined) this.#remember(batch, sent);
      if (isNotStored && this.#before(batch) === sent) this.#last.delete(keyOf(batch));
      throw error;
    }
    // Its partition was only chosen on the way. Better twice than never.
    const chosen = before ?? this.#before(batch);
    if (chosen !== sent && isInTheWay(chosen, batch)) throw new SequenceError(batch, IN_THE_WAY);
    sent.isOpen = false;
    this.#remember(batch, sent);
    return sent.answer;
  }

  #remember(batch: Batch, sent: Sent): void {
    const key = keyOf(batch);
    this.#last.delete(key);
    this.#last.set(key, sent);
  }

  /**
   * Forgets one that was answered: it would only be sent once more where nobody has noticed the answer. One that may be stored must
   * not be forgotten, because kafkajs would give its numbers to the next.
   *
   * @returns whether one more partition may be remembered
   */
  #makeRoom(): boolean {
    if (this.#last.size < MAX_PARTITIONS) return true;
    for (const [key, { isOpen }] of this.#last) if (!isOpen) return this.#last.delete(key);
    return false;
  }

  #before(batch: Batch): Sent | undefined {
    return batch.partition === undefined ? undefined : this.#last.get(keyOf(batch));
  }
}

function isInTheWay(before: Sent | undefined, batch: Batch): boolean {
  return before?.isOpen === true && !isSame(before, batch);
}

/** By what they are rather than by identity: in a worker thread, records arrive as copies. */
function isSame({ seqs }: Sent, batch: Batch): boolean {
  const others = seqsOf(batch.content);
  return seqs.length === others.length && seqs.every((seq, at) => seq === others[at]);
}

function keyOf({ topic, partition }: Batch): string {
  return `${topic}/${partition}`;
}
