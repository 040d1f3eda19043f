// Networks that fail, as a `socketFactory` for kafkajs.
import { connect, type Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';

export class FaultyNetwork {
  readonly #sockets = new Set<Socket>();
  #breakAfter: number | undefined;

  readonly factory: ISocketFactory = ({ host, port, onConnect }) => {
    const socket = connect({ host, port }, onConnect);
    this.#sockets.add(socket);
    const emit = socket.emit as (event: string, ...args: unknown[]) => boolean;
    socket.emit = (event: string, ...args: unknown[]): boolean => {
      const bytes = event === 'data' ? this.#breakAfter : undefined;
      if (bytes === undefined) return Reflect.apply(emit, socket, [event, ...args]);
      this.#breakAfter = undefined;
      Reflect.apply(emit, socket, ['data', (args[0] as Buffer).subarray(0, bytes)]);
      socket.destroy(new Error('broken by the spec'));
      return true;
    };
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  };

  /** Every connection breaks. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy(new Error('cut by the spec'));
  }

  /** Of the next answer so many bytes come, and then the connection breaks. */
  breakWithinAnswer(bytes: number): void {
    this.#breakAfter = bytes;
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
