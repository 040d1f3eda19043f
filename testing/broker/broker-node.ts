// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// One broker's listener: up, down, and up again on the same port.
import { setMaxListeners } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { NodeAddress } from './state.ts';

const PORT_TRIES = 50;

/**
 * Below the range from which systems take the ports of outgoing connections: otherwise, while a broker is down,
 * a client could get the broker's port for its own end of the connection and so talk to itself.
 */
const randomPort = (): number => 20_000 + Math.floor(Math.random() * 12_000);

// Not events.once(): that rejects at the error with which a dying socket may precede its 'close'.
const closedEvent = (closing: Socket | Server): Promise<void> =>
  new Promise((resolve) => {
    closing.once('close', () => resolve());
  });

export class BrokerNode implements NodeAddress {
  readonly id: number;
  readonly host: string;
  readonly sockets = new Set<Socket>();
  #port = 0;
  #server: Server | null = null;
  #session = new AbortController();
  readonly #accept: (socket: Socket, signal: AbortSignal) => void;

  constructor(id: number, host: string, accept: (socket: Socket, signal: AbortSignal) => void) {
    this.id = id;
    this.host = host;
    this.#accept = accept;
  }

  get port(): number {
    return this.#port;
  }

  get isUp(): boolean {
    return this.#server !== null;
  }

  async up(): Promise<void> {
    if (this.#server !== null) return;
    this.#session = new AbortController();
    // Every request that waits listens to it, however many there are.
    setMaxListeners(0, this.#session.signal);
    if (this.#port !== 0) {
      this.#server = await this.#listen(this.#port);
      return;
    }
    for (let tries = 1; this.#server === null; tries += 1) {
      const port = randomPort();
      try {
        this.#server = await this.#listen(port);
        this.#port = port;
      } catch (error) {
        if (tries === PORT_TRIES) throw error;
      }
    }
  }

  async down(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    this.#session.abort();
    const closed = [...this.sockets].map((socket) => closedEvent(socket));
    closed.push(closedEvent(server));
    server.close();
    for (const socket of this.sockets) socket.destroy();
    await Promise.all(closed);
  }

  #listen(port: number): Promise<Server> {
    const { signal } = this.#session;
    const server = createServer((socket) => this.#accepted(socket, signal));
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, this.host, () => {
        server.off('error', reject);
        resolve(server);
      });
    });
  }

  #accepted(socket: Socket, signal: AbortSignal): void {
    // Accepted by the system while the listener was closing.
    if (signal.aborted) {
      socket.destroy();
      return;
    }
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    // A client may vanish at any time; 'close' follows and is all that matters here.
    socket.on('error', () => undefined);
    socket.setNoDelay(true);
    this.#accept(socket, signal);
  }
}
