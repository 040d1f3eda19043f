// Networks that fail, as a `socketFactory` for kafkajs.
import { connect, type Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';

export class FaultyNetwork {
  readonly #sockets = new Set<Socket>();

  readonly factory: ISocketFactory = ({ host, port, onConnect }) => {
    const socket = connect({ host, port }, onConnect);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  };

  /** Every connection breaks. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy(new Error('cut by the spec'));
  }

  /** Half-open: what is written goes out, nothing comes back, and nobody is told. */
  deafen(): void {
    for (const socket of this.#sockets) socket.removeAllListeners('data').pause();
  }

  /** Whatever comes in, comes so much later for a while. */
  slow(ms: number): () => void {
    const sockets = [...this.#sockets];
    const timer = setInterval(() => {
      for (const socket of sockets) socket.pause();
      setTimeout(() => {
        for (const socket of sockets) socket.resume();
      }, ms);
    }, 2 * ms);
    return () => clearInterval(timer);
  }
}
