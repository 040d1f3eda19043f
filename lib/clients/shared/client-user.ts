import { type Batch, isPacked } from '../../accumulator/batch.ts';
import type { DeliveryClient } from '../client.ts';
import { NotSentError } from '../not-sent-error.ts';
import { answeredPartition } from '../send-result.ts';
import type { Member } from './client-group.ts';
import type { SharedClient } from './shared-client.ts';

/** What one transport has of a client that it shares: the same methods, and a `close` that leaves the others alone. */
export class ClientUser implements DeliveryClient {
  readonly #shared: SharedClient;
  readonly #member: Pick<Member, 'onHang' | 'onAnswer'>;
  readonly #onLeave: () => void;
  readonly #underWay = new Set<Promise<unknown>>();
  #hasLeft = false;

  constructor(shared: SharedClient, member: Pick<Member, 'onHang' | 'onAnswer'>, onLeave: () => void) {
    this.#shared = shared;
    this.#member = member;
    this.#onLeave = onLeave;
    shared.join(this);
  }

  async connect(): Promise<void> {
    await this.#watched(this.#shared.connect());
  }

  async send(batch: Batch): Promise<unknown> {
    const shared = this.#shared;
    for (let before = shared.sendToAwait(batch); before !== undefined; before = shared.sendToAwait(batch))
      await before;
    if (this.#hasLeft || isGivenUp(batch)) throw new NotSentError('this client is not connected any more');
    const sending = this.#watched(shared.send(batch));
    this.#underWay.add(sending);
    try {
      const answer = await sending;
      if (!this.#hasLeft) this.#member.onAnswer();
      // The client does not know the partition: whoever wants a fresh one wants to know whether it has been added.
      if (answeredPartition(answer, batch) === undefined) shared.retire();
      return answer;
    } finally {
      this.#underWay.delete(sending);
    }
  }

  /** Closes the client where nobody else uses it; else waits for what this transport has under way. */
  async close(): Promise<void> {
    if (this.#shared.isUsedByOthers(this)) await Promise.allSettled(this.#underWay);
    else await this.#shared.close();
  }

  /** Cuts the client's connections where nobody else uses it, or where something of this transport's is under way. */
  kill(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#onLeave();
    const isUsed = this.#shared.isUsedByOthers(this);
    const hangs = this.#underWay.size > 0;
    this.#shared.leave(this);
    if (hangs) this.#member.onHang();
    if (!isUsed || hangs) this.#shared.kill();
  }

  /** Whoever comes back after a failure wants a fresh client: this one may be what is broken. */
  async #watched<Result>(doing: Promise<Result>): Promise<Result> {
    try {
      return await doing;
    } catch (error) {
      this.#shared.retire();
      throw error;
    }
  }
}

/** Whether its sender does not wait for it any more: its records are empty then, and would be sent as they are. */
function isGivenUp({ content }: Batch): boolean {
  return !isPacked(content) && content.some(({ state }) => state === 'settled');
}
