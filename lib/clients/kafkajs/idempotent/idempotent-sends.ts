import type { Batch } from '../../../accumulator/batch.ts';
import type { KafkajsProduce } from '../workarounds.ts';
import { NumberedSends, type SendBatch } from './numbered-sends.ts';
import type { ProducerSequences } from './producer-sequences.ts';
import { SentBatches } from './sent-batches.ts';

/** The sends of an idempotent kafkajs client: under numbers of our own on the fast path, under kafkajs's without it. */
export class IdempotentSends {
  readonly #numbered: NumberedSends;
  readonly #sent = new SentBatches();
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(sequences: ProducerSequences) {
    this.#numbered = new NumberedSends(sequences);
  }

  /** @param isNumberedHere whether its Produce request gets its numbers from `numbered` */
  send(batch: Batch, isNumberedHere: boolean, send: SendBatch): Promise<unknown> {
    const sending = isNumberedHere
      ? this.#numbered.send(batch, send)
      : this.#sent.send(batch, (onUnwritten) => send({ onMessages: () => undefined, onUnwritten }));
    this.#underWay.add(sending);
    const landed = (): void => void this.#underWay.delete(sending);
    sending.then(landed, landed);
    return sending;
  }

  /** See `NumberedSends.numbered`. */
  numbered(request: KafkajsProduce): KafkajsProduce {
    return this.#numbered.numbered(request);
  }

  /**
   * Resolves when all that is under way has landed. Until then nothing may follow: kafkajs takes a failed batch's numbers back
   * when its send has ended, and a send may still write its request.
   */
  async landed(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }
}
