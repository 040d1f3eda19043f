import { isIP, connect as netConnect, type Socket } from 'node:net';
import type { ISocketFactoryArgs } from 'kafkajs';
import { tls } from '../../../util/node-modules.ts';
import { NOT_KAFKA } from '../brokers/broker-sockets.ts';

/** The same socket as kafkajs's own factory makes, which it does not export (network/socketFactory.js). */
export function defaultSocket({ host, port, ssl, onConnect }: ISocketFactoryArgs): Socket {
  const socket = ssl
    ? tls().connect({ host, port, ...(isIP(host) === 0 && { servername: host }), ...ssl }, onConnect)
    : netConnect({ host, port }, onConnect);
  return socket.setKeepAlive(true, 60_000);
}

/**
 * Has repeated calls of `unref` add one listener at most. kafkajs calls it with every `disconnect`
 * (network/connection.js: `this.socket.end(); this.socket.unref()`), and disconnects a broker that it cannot reach with
 * every attempt. On a socket without a handle, not yet connected or destroyed, Node's `unref` is `once('connect', unref)`
 * (lib/net.js): from the eleventh on Node warns of a leak, with a MaxListenersExceededWarning on stderr.
 */
export function unrefOnce(socket: Socket): void {
  const { unref } = socket;
  // A socket factory of the caller's may answer with any kind of stream.
  if (typeof unref !== 'function') return;
  socket.unref = (): Socket => {
    // Node has added this very function, because it looks it up on the socket.
    socket.off('connect', socket.unref);
    // It will not connect any more, and holds nothing up.
    return socket.destroyed ? socket : unref.call(socket);
  };
}

/**
 * Has an answer that kafkajs cannot read end its connection, with an error that says so. By itself it throws out of the `data`
 * listener of its socket (network/connection.js, `processData`: the first four bytes are a length, and a correlation id is read of
 * whatever follows; protocol/decoder.js: `this.buffer.readInt32BE(this.offset)`). That is an uncaught exception: a broker's address
 * that is another service would end the application's process.
 *
 * It is the listener that is added next (network/socket.js: `socket.on('data', onData)`). What others throw, such as those of a
 * socket factory of the caller's, is theirs.
 *
 * @param socket one that kafkajs is about to get
 */
export function destroyWhereUnreadable(socket: Socket): void {
  type On = (event: string, listener: (...args: unknown[]) => void) => Socket;
  const on = socket.on as On;
  const onNext: On = (event, listener) => {
    if (event !== 'data') return Reflect.apply(on, socket, [event, listener]);
    socket.on = on as Socket['on'];
    const onData = (...args: unknown[]): void => {
      try {
        listener(...args);
      } catch (error) {
        socket.destroy(new Error(`${NOT_KAFKA}: reading it has failed with "${String(error)}"`));
      }
    };
    return Reflect.apply(on, socket, [event, onData]);
  };
  socket.on = onNext as Socket['on'];
}
