import type { logCreator } from 'kafkajs';

// What kafkajs says of a connection that fails, at ERROR and with every attempt: `Connection error: connect
// ECONNREFUSED …` and `Connection timeout` (network/connection.js), `Failed to connect to seed broker …`
// (cluster/brokerPool.js), `Failed to send messages: Closed connection` (producer/sendMessages.js).
const CONNECTION_ERRORS =
  /connection error|connection timeout|failed to connect|closed connection|not connected/i;

// What the transport says itself, with its cause, once it lasts: a topic that is missing or just being
// made, or that may not be read (`Response Metadata(key: 3, version: 6)`, network/connection.js), and what the broker refuses a
// log-in for (`SASL PLAIN authentication failed: …`, broker/saslAuthenticator/).
const TOLD_BY_THE_TRANSPORT =
  /^Response (Metadata|Sasl(Handshake|Authenticate))\(|^SASL [\w -]+ authentication failed/;

/**
 * Leaves out the client's lines about what the transport tells itself, in one line that has the cause in it and says what it
 * means: failed connections, log-ins that are refused, missing topics.
 */
export function withoutOutages(creator: logCreator): logCreator {
  return (level) => {
    const log = creator(level);
    return (entry) => {
      const { message } = entry.log;
      if (!CONNECTION_ERRORS.test(message) && !TOLD_BY_THE_TRANSPORT.test(message)) log(entry);
    };
  };
}
