import type { logCreator } from 'kafkajs';

// What kafkajs says of a connection that fails, at ERROR and with every attempt: `Connection error: connect
// ECONNREFUSED …` and `Connection timeout` (network/connection.js), `Failed to connect to seed broker …`
// (cluster/brokerPool.js), `Failed to send messages: Closed connection` (producer/sendMessages.js).
const CONNECTION_ERRORS =
  /connection error|connection timeout|failed to connect|closed connection|not connected/i;

/**
 * Leaves out the client's lines about failed connections: the transport tells of an outage itself, in one line that has
 * the cause in it and says what it means.
 */
export function withoutOutages(creator: logCreator): logCreator {
  return (level) => {
    const log = creator(level);
    return (entry) => {
      if (!CONNECTION_ERRORS.test(String(entry.log.message))) log(entry);
    };
  };
}
