import type { Clock, Timer } from '../clock.ts';
import { type BackoffOptions, fullJitter } from './backoff.ts';
import type { ClientSource, DeliveryClient } from './client.ts';
import { withDeadline } from './deadline.ts';

export interface ConnectionOptions {
  source: ClientSource;
  clock: Clock;
  random(): number;
  retry: BackoffOptions;
  /** Limit of one connect, in milliseconds. */
  requestTimeoutMs: number;
  /** An owned client that has had nothing to do for so long is let go of. Milliseconds. */
  idleTimeoutMs: number;
  /** A client can be used. */
  onOpen(): void;
  /** A connect failed; the next may be tried after `notBefore`. */
  onFailure(error: unknown): void;
  /** A client was let go of for having nothing to do. */
  onIdle(): void;
}

type Link =
  | { at: 'none' }
  | { at: 'opening'; client: DeliveryClient }
  | { at: 'open'; client: DeliveryClient }
  | { at: 'closing' };

// How long a client may take to go in good order before it is cut off. Long enough for a broker to answer what is
// under way, short enough not to add much to an outage.
const FAREWELL_MS = 1_000;

/**
 * The one Kafka client that is in use, if any: opened when there is something to send, replaced when it is not to
 * be trusted any more, let go of when there has been nothing to do.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  #link: Link = { at: 'none' };
  #failures = 0;
  #notBefore = 0;
  #idleTimer: Timer | undefined;
  #closed: Promise<void> = Promise.resolve();
  /** How often a client was connected. */
  opened = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** The client to send with, when there is one. */
  get client(): DeliveryClient | undefined {
    return this.#link.at === 'open' ? this.#link.client : undefined;
  }

  /** When it makes sense to call `open` next; nothing while a connect or farewell is under way. */
  get openableAt(): number | undefined {
    return this.#link.at === 'none' ? this.#notBefore : undefined;
  }

  /** Starts to connect, unless that is under way, done, or has just failed. */
  open(): void {
    if (this.#link.at !== 'none' || this.#options.clock.monotonic() < this.#notBefore) return;
    let client: DeliveryClient;
    try {
      client = this.#options.source.make();
    } catch (error) {
      // A factory of the caller's, or a configuration that kafkajs refuses.
      this.#fail(error);
      return;
    }
    const link: Link = { at: 'opening', client };
    this.#link = link;
    void this.#connect(link);
  }

  /** Lets go of the client; the next `open` makes a fresh one. Resolves when nothing of the old one can be heard. */
  replace(): Promise<void> {
    if (this.#link.at === 'opening' || this.#link.at === 'open') {
      this.#options.clock.cancel(this.#idleTimer);
      const { client } = this.#link;
      this.#link = { at: 'closing' };
      this.#closed = this.#dismiss(client).then(() => {
        this.#link = { at: 'none' };
      });
    }
    return this.#closed;
  }

  /** The next `open` need not wait: somebody flushes. */
  hurry(): void {
    this.#notBefore = 0;
  }

  /** A send came through: what failed before is over. */
  noteSuccess(): void {
    this.#failures = 0;
  }

  /** Whether there is work decides whether an open client is kept. */
  noteWork(hasWork: boolean): void {
    const { clock, source, idleTimeoutMs, onIdle } = this.#options;
    clock.cancel(this.#idleTimer);
    this.#idleTimer = undefined;
    if (hasWork || !source.isOwned || this.#link.at !== 'open') return;
    this.#idleTimer = clock.after(idleTimeoutMs, () => {
      void this.replace().then(onIdle);
    });
  }

  async #connect(link: Link & { at: 'opening' }): Promise<void> {
    const { clock, requestTimeoutMs, onOpen } = this.#options;
    const connecting = attempt(() => link.client.connect());
    try {
      await withDeadline(connecting, requestTimeoutMs, 'connecting to Kafka', clock);
    } catch (error) {
      // `replace` may have come in between: then it is its client no more.
      if (this.#link === link) {
        await this.replace();
        this.#fail(error);
      }
      return;
    } finally {
      // kafkajs's disconnect during a connect resolves, and the connect then opens its socket all the same.
      void connecting.then(
        () => (this.client === link.client ? undefined : this.#dismiss(link.client)),
        () => undefined,
      );
    }
    if (this.#link !== link) return;
    this.#link = { at: 'open', client: link.client };
    this.opened++;
    onOpen();
  }

  #fail(error: unknown): void {
    const { clock, retry, random, onFailure } = this.#options;
    this.#failures++;
    this.#notBefore = clock.monotonic() + fullJitter(this.#failures, retry, random);
    onFailure(error);
  }

  async #dismiss(client: DeliveryClient): Promise<void> {
    try {
      await withDeadline(
        attempt(() => client.close()),
        FAREWELL_MS,
        'disconnecting from Kafka',
        this.#options.clock,
      );
    } catch {
      // It is given up anyway, and what it left undone is done by its successor.
    }
    client.kill();
  }
}

/** A client of the caller's may throw where it should return a promise. */
async function attempt<Result>(fn: () => Promise<Result>): Promise<Result> {
  return await fn();
}
