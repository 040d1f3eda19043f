// Reported: `MaxListenersExceededWarning: 11 connect listeners added to [Socket]` on stderr, where a broker's advertised
// address let whoever called wait.
import { once } from 'node:events';
import { connect, createServer, Socket } from 'node:net';
import { type ISocketFactory, Kafka, logLevel } from 'kafkajs';
import { expect, it, onTestFinished } from 'vitest';
import { unrefOnce } from '../../../lib/clients/kafkajs/workarounds.ts';
import { turn } from '../../scenarios/faults/rig.ts';
import { loggerWith, startCluster, TOPIC, transportTo } from '../../support/harness.ts';

const SWALLOWED = { host: 'swallowed.invalid', port: 9092 };
const LIMIT = 10;

/** A network that lets whoever calls the advertised address wait, and keeps count of the listeners that this leaves. */
function countingNetwork(): {
  factory: ISocketFactory;
  most: () => number;
  failed: () => number;
  timeOut: () => void;
} {
  const sockets: Socket[] = [];
  return {
    factory: ({ host, port, onConnect }) => {
      if (host !== SWALLOWED.host) return connect({ host, port }, onConnect);
      const socket = new Socket().setMaxListeners(0);
      sockets.push(socket);
      return socket;
    },
    most: () => Math.max(0, ...sockets.map((socket) => socket.listenerCount('connect'))),
    failed: () => sockets.length,
    // As the system does after minutes.
    timeOut: () => {
      for (const socket of sockets) socket.destroy(new Error('connect ETIMEDOUT'));
    },
  };
}

it('kafkajs alone adds a listener with every disconnect; where it does not any more, unrefOnce can go', async () => {
  const cluster = await startCluster({ advertised: () => SWALLOWED });
  const network = countingNetwork();
  const producer = new Kafka({
    brokers: cluster.addresses,
    socketFactory: network.factory,
    connectionTimeout: 200,
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  }).producer();
  onTestFinished(() => producer.disconnect());
  await producer.connect();
  for (let rounds = 0; rounds < 50 && network.most() <= LIMIT; rounds++) {
    for (let sends = 0; sends < 4; sends++)
      await producer.send({ topic: TOPIC, messages: [{ value: 'x' }] }).catch(() => undefined);
    network.timeOut();
    await turn();
  }
  expect(network.most()).toBeGreaterThan(LIMIT);
});

it('the transport leaves as few on a socket as Node allows, however often the broker is tried', async () => {
  const cluster = await startCluster({ advertised: () => SWALLOWED });
  const network = countingNetwork();
  const transport = transportTo(cluster, {
    kafka: { brokers: cluster.addresses, socketFactory: network.factory, connectionTimeout: 10 },
    retry: { initialMs: 1, maxMs: 2 },
    closeTimeoutMs: 50,
  });
  loggerWith(transport).info('record');
  while (network.failed() < 20) await transport.flush(20);
  network.timeOut();
  await transport.close();
  expect(network.most()).toBeLessThanOrEqual(LIMIT);
});

it('unref works as it did: before the socket is connected, when it has connected, and when it is gone', async () => {
  const server = createServer((socket) => void socket.resume());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const socket = new Socket();
  unrefOnce(socket);
  // Twelve would be a warning.
  for (let at = 0; at < 12; at++) expect(socket.unref()).toBe(socket);
  expect(socket.listenerCount('connect')).toBe(1);
  const handle = () => (socket as unknown as { _handle: { hasRef(): boolean } })._handle;
  // Or nothing would keep the process of the spec here.
  const alive = setInterval(() => undefined, 1_000);
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  clearInterval(alive);
  expect(handle().hasRef()).toBe(false);
  expect(socket.listenerCount('connect')).toBe(0);
  socket.destroy();
  expect(socket.unref()).toBe(socket);
  expect(socket.listenerCount('connect')).toBe(0);
});
