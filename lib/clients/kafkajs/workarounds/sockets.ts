import { isIP, connect as netConnect, type Socket } from 'node:net';
import type { ISocketFactoryArgs } from 'kafkajs';
import { tls } from '../../../util/node-modules.ts';

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
