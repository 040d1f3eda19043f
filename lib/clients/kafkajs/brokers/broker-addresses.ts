import type { KafkaConfig } from 'kafkajs';
import { BoundedMap } from '../../../util/bounded-map.ts';
import { rotated, shownBroker, splittable } from './broker-list.ts';

// A function may answer with ever new ones. What is forgotten is learnt again.
const MAX_ADDRESSES = 1_000;

/** How far connections to an address have ever come. */
export interface Contact {
  isReached: boolean;
  /** Of connections with TLS: whether a handshake has ever succeeded. */
  isSecure: boolean;
  /** How many answers one connection has had, at most; not counted beyond 2. */
  answers: number;
}

/** What the clients of a transport know together about the addresses of brokers. */
export class BrokerAddresses {
  /** Those that the configuration names, or a function of the caller's has answered with. */
  readonly #configured = new Set<string>();
  readonly #contacts = new BoundedMap<string, Contact>(MAX_ADDRESSES);

  addConfigured(addresses: readonly string[]): void {
    if (this.#configured.size >= MAX_ADDRESSES) this.#configured.clear();
    for (const address of addresses) this.#configured.add(normal(address));
  }

  /** Whether it is not configured, but was named by the brokers. */
  isNamedByBrokers(address: string): boolean {
    return this.#configured.size > 0 && !this.#configured.has(normal(address));
  }

  contact(address: string): Contact {
    const key = normal(address);
    const known = this.#contacts.get(key);
    if (known !== undefined) return known;
    const contact: Contact = { isReached: false, isSecure: false, answers: 0 };
    this.#contacts.set(key, contact);
    return contact;
  }
}

/**
 * Without retries a kafkajs client only ever tries the first broker of its list: so each client gets the list
 * from another place on, or one dead broker would keep all of them away.
 */
export function rotatedBrokers(
  brokers: KafkaConfig['brokers'],
  by: number,
  addresses: BrokerAddresses,
): KafkaConfig['brokers'] {
  const noted = (list: string[]): string[] => {
    addresses.addConfigured(list);
    return rotated(list, by).map(splittable);
  };
  return typeof brokers === 'function' ? async () => noted(await brokers()) : noted(brokers);
}

/** An IPv6 address comes with and without brackets, and in the form that kafkajs can split. */
function normal(address: string): string {
  return shownBroker(address).toLowerCase().replaceAll(/[[\]]/g, '');
}
