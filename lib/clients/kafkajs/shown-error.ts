import { withShownBroker } from './brokers/broker-list.ts';
import type { BrokerSockets } from './brokers/broker-sockets.ts';
import type { Secrets } from './secrets.ts';

/** An error of kafkajs's as it is shown: of a failed connection, which broker it was and how far it had come; and no secret. */
export function shownError(error: unknown, sockets: BrokerSockets, secrets: Secrets): unknown {
  return secrets.cleaned(sockets.explained(withShownBroker(error)));
}
