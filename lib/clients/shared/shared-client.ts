import type { Batch } from '../../accumulator/batch.ts';
import type { DeliveryClient } from '../client.ts';
import type { ClientUser } from './client-user.ts';

/** One client, and the transports that use it at the moment. */
export class SharedClient {
  readonly #client: DeliveryClient;
  readonly #users = new Set<ClientUser>();
  /** By topic, the send that names no partition. There is one at a time: the client's partitioner knows it by its topic. */
  readonly #unassigned = new Map<string, Promise<unknown>>();
  #connecting: Promise<void> | undefined;
  #isConnected = false;
  /** Whether no transport is to begin with it any more. Those that use it may go on. */
  isRetired = false;

  constructor(client: DeliveryClient) {
    this.#client = client;
  }

  join(user: ClientUser): void {
    this.#users.add(user);
  }

  leave(user: ClientUser): void {
    this.#users.delete(user);
    // A connect that somebody waits for no more may never end: it is not for whoever comes next.
    if (!this.#isConnected) this.retire();
  }

  isUsedByOthers(user: ClientUser): boolean {
    return this.#users.size > (this.#users.has(user) ? 1 : 0);
  }

  connect(): Promise<void> {
    this.#connecting ??= this.#connect();
    return this.#connecting;
  }

  /** What a send has to wait for before it begins, and ask again. */
  sendToAwait({ topic, partition }: Batch): Promise<unknown> | undefined {
    return partition === undefined ? this.#unassigned.get(topic) : undefined;
  }

  async send(batch: Batch): Promise<unknown> {
    const sending = this.#client.send(batch);
    if (batch.partition === undefined) {
      const settled = (): boolean => this.#unassigned.delete(batch.topic);
      this.#unassigned.set(batch.topic, sending.then(settled, settled));
    }
    return await sending;
  }

  retire(): void {
    this.isRetired = true;
  }

  async close(): Promise<void> {
    this.retire();
    await this.#client.close();
  }

  kill(): void {
    this.retire();
    this.#client.kill();
  }

  async #connect(): Promise<void> {
    await this.#client.connect();
    this.#isConnected = true;
    // kafkajs's disconnect during a connect resolves, and the connect then opens its socket all the same.
    if (this.#users.size > 0) return;
    await this.#client.close();
    this.#client.kill();
  }
}
