import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';

/**
 * Tells a process that was started with `--inspect-brk=0` to go on, as a debugger does once it is attached, until it does: it
 * listens before it begins to wait, and an order that comes in between is answered without effect.
 */
export async function runIfWaiting({ stderr }: ChildProcess, isRunning: () => boolean): Promise<void> {
  let text = '';
  let address: RegExpMatchArray | null = null;
  while (address === null) {
    const [piece] = (await once(stderr as NonNullable<typeof stderr>, 'data')) as [string];
    text += piece;
    address = text.match(/ws:\/\/127\.0\.0\.1:(\d+)(\/\S+)/);
  }
  const [, port, path] = address;
  const socket = connect(Number(port), '127.0.0.1');
  const key = randomBytes(16).toString('base64');
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  );
  await once(socket, 'data');
  const order = Buffer.from('{"id":1,"method":"Runtime.runIfWaitingForDebugger"}');
  // A frame of text (RFC 6455), masked by zeros, shorter than 126 bytes.
  const frame = Buffer.concat([Buffer.from([0x81, 0x80 | order.length, 0, 0, 0, 0]), order]);
  while (!isRunning()) {
    socket.write(frame);
    await once(socket, 'data');
  }
  // Attached, it would have the process wait at its end.
  socket.destroy();
}
