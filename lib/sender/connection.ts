import type { ClientSource, DeliveryClient } from '../clients/client.ts';
import { type BackoffOptions, fullJitter } from '../time/backoff.ts';
import type { Clock, Timer } from '../time/clock.ts';
import { withDeadline } from '../time/deadline.ts';

export interface ConnectionOptions {
  source: ClientSource;
  clock: Clock;
  random(): number;
  retry: BackoffOptions;
  /** Limit of one connect, in milliseconds. */
  requestTimeoutMs: number;
  /** After so many milliseconds without anything to send, a client of the transport's own is closed. */
  idleTimeoutMs: number;
  /** Whether there is something to send, or being sent. */
  hasWork(): boolean;
  /** A client can be used. */
  onOpen(): void;
  /** A connect failed, so many in a row; `openableAt` says when the next may be tried. */
  onFailure(error: unknown, failures: number): void;
  /** A client can be used again. */
  onRenewed(): void;
  /** A client was closed, for whatever reason: the next can be opened. */
  onClosed(): void;
}

type Link =
  | { at: 'none' }
  | { at: 'opening'; client: DeliveryClient }
  | { at: 'open'; client: DeliveryClient }
  | { at: 'renewing'; client: DeliveryClient }
  | { at: 'closing' };

// How long a client may take to go in good order before it is cut off. Long enough for a broker to answer what is
// under way, short enough not to add much to an outage.
const DISCONNECT_TIMEOUT_MS = 1_000;

// How late the end of an idle connection has to be for the process to count as having been frozen.
const FROZEN_MS = 5_000;

// How often in a row an idempotent producer is kept, with fresh connections, before a fresh one takes its place: it may
// be broken itself. An outage has one renewal for every 4 failures, so this is two to three minutes of it.
const MAX_RENEWALS = 8;

/**
 * The one Kafka client that is in use, if any: opened when there is something to send, replaced when it is not to
 * be trusted any more, closed when there has been nothing to do.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  #link: Link = { at: 'none' };
  #failures = 0;
  #notBefore = 0;
  #idleTimer: Timer | undefined;
  #closed: Promise<void> = Promise.resolve();
  #retiring: { client: DeliveryClient; next: 'repair' | 'replace' } | undefined;
  /** How often the client was renewed since the last send that succeeded. */
  #renewals = 0;
  /** How often a client was connected. */
  opened = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** The client to send with, when there is one. */
  get client(): DeliveryClient | undefined {
    return this.#link.at === 'open' ? this.#link.client : undefined;
  }

  /** When it makes sense to call `open` next; nothing while it connects or disconnects. */
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

  /** Closes the client; the next `open` makes a fresh one. Resolves when the old one emits and sends nothing any more. */
  replace(): Promise<void> {
    if (this.#link.at !== 'none' && this.#link.at !== 'closing') {
      this.#options.clock.cancel(this.#idleTimer);
      // Of a client that is not connected there is nothing to wait for.
      const { client, at } = this.#link;
      this.#link = { at: 'closing' };
      this.#closed = this.#dismiss(client, at === 'open' ? DISCONNECT_TIMEOUT_MS : 0).then(() => {
        this.#link = { at: 'none' };
        this.#options.onClosed();
      });
    }
    return this.#closed;
  }

  /** A send has shown that the client is dead. Several may show it of the same one, and only that one is repaired. */
  repairIfCurrent(client: DeliveryClient): void {
    if (this.client === client) this.#repair();
  }

  /**
   * The client is to go once what is under way with it has landed: cut off, that would arrive twice.
   *
   * @param next `repair`: one that can be renewed may stay, with fresh connections
   */
  retire(client: DeliveryClient, next: 'repair' | 'replace'): void {
    if (this.client !== client || (this.isRetiring && next === 'repair')) return;
    this.#retiring = { client, next };
  }

  get isRetiring(): boolean {
    return this.#retiring !== undefined && this.client === this.#retiring.client;
  }

  /** What is under way with a client that retires has landed. */
  finishRetiring(): void {
    const { next } = this.#retiring ?? {};
    this.#retiring = undefined;
    if (next === 'repair') this.#repair();
    else void this.replace();
  }

  /** The next `open` waits for so long. */
  doNotOpenFor(ms: number): void {
    this.#notBefore = this.#options.clock.monotonic() + ms;
  }

  /** The next `open` need not wait: somebody flushes. */
  retryNow(): void {
    this.#notBefore = 0;
  }

  /** A send came through: what failed before is over. */
  recordSuccess(): void {
    this.#failures = 0;
    this.#renewals = 0;
  }

  /** Something has changed: whether there is work decides whether an open client is kept. */
  updateIdleTimer(): void {
    const { clock, source, idleTimeoutMs, hasWork } = this.#options;
    clock.cancel(this.#idleTimer);
    this.#idleTimer = undefined;
    if (hasWork() || !source.isOwned || this.#link.at !== 'open') return;
    const since = clock.monotonic();
    this.#idleTimer = clock.after(idleTimeoutMs, () => {
      // A record may have come that is waiting for more. Where the process was frozen meanwhile (a function that is not called, a
      // laptop that sleeps), the broker or something between has most likely closed the connection, and nobody has told us.
      const isStale = clock.monotonic() - since >= idleTimeoutMs + FROZEN_MS;
      if (!hasWork() || isStale) void this.replace();
    });
  }

  #repair(): void {
    const { client } = this;
    if (client?.renew === undefined || this.#renewals >= MAX_RENEWALS) {
      void this.replace();
      return;
    }
    this.#renewals++;
    const link: Link & { at: 'renewing' } = { at: 'renewing', client };
    this.#link = link;
    void this.#renew(link, client.renew());
  }

  async #renew(link: Link & { at: 'renewing' }, renewal: Promise<void>): Promise<void> {
    try {
      await withDeadline(
        renewal,
        DISCONNECT_TIMEOUT_MS,
        'renewing the connections to Kafka',
        this.#options.clock,
      );
    } catch {
      // A send that does not even end when it is cut off: its client is beyond repair.
      if (this.#link === link) void this.replace();
      return;
    }
    if (this.#link !== link) return;
    this.#link = { at: 'open', client: link.client };
    this.#options.onRenewed();
  }

  async #connect(link: Link & { at: 'opening' }): Promise<void> {
    const { clock, requestTimeoutMs, onOpen } = this.#options;
    const connecting = promised(() => link.client.connect());
    try {
      await withDeadline(connecting, requestTimeoutMs, 'connecting to Kafka', clock);
    } catch (error) {
      // `replace` may have come in between: then it is its client no more.
      if (this.#link === link) {
        const closed = this.replace();
        this.#fail(error);
        await closed;
      }
      return;
    } finally {
      // kafkajs's disconnect during a connect resolves, and the connect then opens its socket all the same.
      void connecting.then(
        () => (this.client === link.client ? undefined : this.#dismiss(link.client, 0)),
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
    onFailure(error, this.#failures);
  }

  async #dismiss(client: DeliveryClient, timeoutMs: number): Promise<void> {
    try {
      await withDeadline(
        promised(() => client.close()),
        timeoutMs,
        'disconnecting from Kafka',
        this.#options.clock,
        true,
      );
    } catch {
      // It is given up anyway, and what it left undone is done by its successor.
    }
    client.kill();
  }
}

/** A client of the caller's may throw where it should return a promise. */
async function promised<Result>(fn: () => Promise<Result>): Promise<Result> {
  return await fn();
}
