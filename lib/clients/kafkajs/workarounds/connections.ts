import { intercept, interceptPools } from './intercept.ts';

// Of the length that every answer begins with (network/connection.js: `bytesNeeded = Decoder.int32Size()`).
const LENGTH_BYTES = 4;

/** What is leaned on of a connection (network/connection.js). */
interface Connection {
  isConnected(): boolean;
  connect(): Promise<unknown>;
  /** What has come of an answer that is not complete. */
  chunks: readonly Buffer[];
  bytesBuffered: number;
  bytesNeeded: number;
}

/**
 * Has a connection that is opened anew begin with no bytes. By itself kafkajs keeps what has come of an answer when the socket broke,
 * sets its three fields in the constructor only (network/connection.js: `this.chunks = []`), and reads the next socket's first
 * answer as the rest of that one: nothing is answered any more, or the wrong bytes are taken for a length.
 *
 * @param kafka a kafkajs client whose producer or admin is not made yet
 */
export function forgetPartialAnswers(kafka: object): void {
  interceptPools(kafka, (pool) => {
    const { pool: connections } = pool as { pool?: unknown };
    if (!Array.isArray(connections)) return;
    for (const connection of connections.filter(isKnownConnection)) forgetWhereOpened(connection);
  });
}

function forgetWhereOpened(connection: Connection): void {
  intercept(connection, 'connect', (connect) => () => {
    // It is asked again while it is open (`if (this.isConnected()) return resolve(true)`).
    if (!connection.isConnected())
      Object.assign(connection, { chunks: [], bytesBuffered: 0, bytesNeeded: LENGTH_BYTES });
    return connect();
  });
}

function isKnownConnection(connection: unknown): connection is Connection {
  const { isConnected, chunks, bytesBuffered, bytesNeeded } = (connection ?? {}) as Partial<Connection>;
  return (
    typeof isConnected === 'function' &&
    Array.isArray(chunks) &&
    typeof bytesBuffered === 'number' &&
    typeof bytesNeeded === 'number'
  );
}
