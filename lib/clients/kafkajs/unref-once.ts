import type { Socket } from 'node:net';

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
