import type { Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';
import { GIVEN_UP } from '../../client.ts';
import { guardedSocketFactory } from '../guarded-config.ts';
import { defaultSocket } from '../workarounds.ts';
import type { BrokerSockets } from './broker-sockets.ts';
import { watchedSocket } from './watched-socket.ts';

/** The open sockets of one client, kafkajs's or the caller's: a client that hangs can only be ended by cutting them. */
export class ClientSockets {
  readonly #open = new Set<Socket>();
  readonly #brokerSockets: BrokerSockets;
  readonly #onSocket: (socket: Socket) => void;
  #isKilled = false;
  #isRenewing = false;

  /** @param onSocket gets each, before kafkajs does */
  constructor(brokerSockets: BrokerSockets, onSocket: (socket: Socket) => void = () => undefined) {
    this.#brokerSockets = brokerSockets;
    this.#onSocket = onSocket;
  }

  /**
   * Whether it opens no connection. During `renew`, too: what waited behind a send that was cut would go on with a fresh one, and
   * might not be answered either.
   */
  get isCut(): boolean {
    return this.#isKilled || this.#isRenewing;
  }

  /** Makes the client's sockets. */
  factory(callers: ISocketFactory | undefined): ISocketFactory {
    const make = callers === undefined ? defaultSocket : guardedSocketFactory(callers);
    return (args) => {
      const socket = watchedSocket(make, args, this.#brokerSockets);
      this.#onSocket(socket);
      // A kafkajs client can connect once more after its `disconnect` has resolved.
      if (this.isCut) return socket.destroy(new Error(GIVEN_UP));
      this.#open.add(socket);
      socket.once('close', (hadError) => {
        this.#open.delete(socket);
        // kafkajs listens for `end` and `error`. Of a socket that is destroyed without either it would not notice, and
        // wait for answers until they are overdue.
        if (!hadError && !socket.readableEnded) socket.emit('end');
      });
      return socket;
    };
  }

  kill(): void {
    this.#isKilled = true;
    this.#cut();
  }

  /**
   * Cuts what is open. kafkajs takes a connection for open until its socket has closed: a send would fail with that.
   *
   * @param landed when nothing is under way any more
   */
  async renew(landed: Promise<unknown> | undefined): Promise<void> {
    const closed = [...this.#open].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    this.#isRenewing = true;
    this.#cut();
    await Promise.allSettled([landed, ...closed]);
    this.#isRenewing = false;
  }

  #cut(): void {
    // The error is what makes kafkajs give up what it still waits for.
    for (const socket of this.#open) socket.destroy(new Error(GIVEN_UP));
  }
}
