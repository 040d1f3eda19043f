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
  /** A client was connected. */
  onOpen(): void;
  /** A connect failed. @param failures failed connects in a row */
  onFailure(error: unknown, failures: number): void;
  /** A client was renewed, and can be used again. */
  onRenewed(): void;
  /** A client was closed: the next can be opened. */
  onClosed(): void;
}

type Link =
  | { at: 'none' }
  | { at: 'opening'; client: DeliveryClient }
  | { at: 'open'; client: DeliveryClient }
  | { at: 'renewing'; client: DeliveryClient }
  | { at: 'closing' };

// How long a client may take to disconnect before it is killed. Long enough for a broker to answer the sends in flight,
// short enough not to prolong an outage much.
const DISCONNECT_TIMEOUT_MS = 1_000;

// How late the end of an idle connection has to be for the process to count as having been frozen.
const FROZEN_MS = 5_000;

// How often in a row an idempotent producer gets new connections before it is replaced, because it may be broken itself.
// An outage has one renewal for every 4 failures, so this takes two to three minutes.
const MAX_RENEWALS = 8;

/**
 * The Kafka client that is in use, if any. It is opened when there are records to send, replaced when it keeps failing,
 * and closed when it is idle.
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

  /** The client to send with, if it is connected. */
  get client(): DeliveryClient | undefined {
    return this.#link.at === 'open' ? this.#link.client : undefined;
  }

  /** From when on `open` connects; `undefined` while a client is connected, connects or disconnects. */
  get openableAt(): number | undefined {
    return this.#link.at === 'none' ? this.#notBefore : undefined;
  }

  /** Starts to connect, unless a client is there already or a connect has just failed. */
  open(): void {
    if (this.#link.at !== 'none' || this.#options.clock.monotonic() < this.#notBefore) return;
    let client: DeliveryClient;
    try {
      client = this.#options.source.make();
    } catch (error) {
      // The application's function for `producer` threw, or kafkajs refused its configuration.
      this.#fail(error);
      return;
    }
    const link: Link = { at: 'opening', client };
    this.#link = link;
    void this.#connect(link);
  }

  /** Closes the client; the next `open` creates a new one. Resolves when the old one is closed. */
  replace(): Promise<void> {
    if (this.#link.at !== 'none' && this.#link.at !== 'closing') {
      this.#options.clock.cancel(this.#idleTimer);
      // A client that is not connected has nothing in flight to wait for.
      const { client, at } = this.#link;
      this.#link = { at: 'closing' };
      this.#closed = this.#dismiss(client, at === 'open' ? DISCONNECT_TIMEOUT_MS : 0).then(() => {
        this.#link = { at: 'none' };
        this.#options.onClosed();
      });
    }
    return this.#closed;
  }

  /** Repairs the client whose send has failed, unless it was replaced since: several of its sends may fail at a time. */
  repairIfCurrent(client: DeliveryClient): void {
    if (this.client === client) this.#repair();
  }

  /**
   * Replaces or repairs the client once its sends in flight are answered: if they were cut off, they would arrive twice.
   *
   * @param next `repair`: keeps a client that can be renewed, with new connections
   */
  retire(client: DeliveryClient, next: 'repair' | 'replace'): void {
    if (this.client !== client || (this.isRetiring && next === 'repair')) return;
    this.#retiring = { client, next };
  }

  get isRetiring(): boolean {
    return this.#retiring !== undefined && this.client === this.#retiring.client;
  }

  /** Called when all sends of the retiring client are answered. */
  finishRetiring(): void {
    const { next } = this.#retiring ?? {};
    this.#retiring = undefined;
    if (next === 'repair') this.#repair();
    else void this.replace();
  }

  /** Makes `open` do nothing for `ms` milliseconds. */
  doNotOpenFor(ms: number): void {
    this.#notBefore = this.#options.clock.monotonic() + ms;
  }

  /** Lets the next `open` connect at once, for a flush. */
  retryNow(): void {
    this.#notBefore = 0;
  }

  /** A send has succeeded: resets the counts of failures. */
  recordSuccess(): void {
    this.#failures = 0;
    this.#renewals = 0;
  }

  /** Starts or stops the idle timer, after the amount of work has changed. */
  updateIdleTimer(): void {
    const { clock, source, idleTimeoutMs, hasWork } = this.#options;
    clock.cancel(this.#idleTimer);
    this.#idleTimer = undefined;
    if (hasWork() || !source.isOwned || this.#link.at !== 'open') return;
    const since = clock.monotonic();
    this.#idleTimer = clock.after(idleTimeoutMs, () => {
      // A record may have come since. If the process was frozen meanwhile (an idle serverless function, a laptop that sleeps), the
      // connection has most likely been closed at the other end without our notice.
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
      // A send does not end although its connection was cut: the client has to be replaced.
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
      // `replace` may have been called meanwhile, and has dealt with the client.
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
      // Ignored: the client is given up anyway, and its records are sent again by the next one.
    }
    client.kill();
  }
}

/** Turns a throw into a rejection: the option `producer` may throw where it should return a promise. */
async function promised<Result>(fn: () => Promise<Result>): Promise<Result> {
  return await fn();
}
