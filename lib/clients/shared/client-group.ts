import { systemClock } from '../../time/clock.ts';
import type { ClientListeners, ClientSource, DeliveryClient, SendPath } from '../client.ts';
import { ClientUser } from './client-user.ts';
import { SharedClient } from './shared-client.ts';

/** A transport, as the group of transports that share a client knows it. */
export interface Member {
  readonly listeners: ClientListeners;
  /** A send of this transport's had no answer when its client was given up. */
  onHang(): void;
  /** One of its sends has got an answer. */
  onAnswer(): void;
}

/** Transports that share a client. Whoever needs one joins the newest; those that use an older one finish with that. */
export class ClientGroup {
  readonly source: ClientSource;
  readonly #users = new Map<ClientUser, ClientListeners>();
  #newest: SharedClient | undefined;
  #path: SendPath | undefined;
  /** Monotonic milliseconds: until then a broker has asked for a pause. */
  #throttledUntil = 0;
  /** Who has heard of that: it is counted. */
  #informed = new WeakSet<ClientListeners>();

  /** @param makeSource makes the source of the clients; what they have to say goes to all transports of the group */
  constructor(makeSource: (listeners: ClientListeners) => ClientSource) {
    this.source = makeSource({
      onPartitions: (...found) => this.#tell(({ onPartitions }) => onPartitions(...found)),
      onPath: (path) => {
        this.#path = path;
        this.#tell(({ onPath }) => onPath(path));
      },
      onThrottle: (ms) => {
        this.#throttledUntil = Math.max(this.#throttledUntil, systemClock.monotonic() + ms);
        this.#informed = new WeakSet(this.#users.values());
        this.#tell(({ onThrottle }) => onThrottle(ms));
      },
    });
  }

  join(member: Member): DeliveryClient {
    if (this.#newest === undefined || this.#newest.isRetired) {
      this.#newest = new SharedClient(this.source.make());
      this.#throttledUntil = 0;
    }
    const user = new ClientUser(this.#newest, member, () => this.#users.delete(user));
    this.#users.set(user, member.listeners);
    // Told once by each client, which may have been before.
    if (this.#path !== undefined) member.listeners.onPath(this.#path);
    // The client holds its sends back, too.
    const pauseMs = this.#throttledUntil - systemClock.monotonic();
    if (pauseMs > 0 && !this.#informed.has(member.listeners)) {
      this.#informed.add(member.listeners);
      member.listeners.onThrottle(Math.ceil(pauseMs));
    }
    return user;
  }

  #tell(what: (listeners: ClientListeners) => void): void {
    for (const listeners of this.#users.values()) what(listeners);
  }
}
