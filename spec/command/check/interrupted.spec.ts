import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import type { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { brokersOf, type Ran, ran, startCluster } from '../rig.ts';

/** @param text what interrupts it, once it has been printed */
function checkedUpTo(text: string, brokers: string, ...more: string[]): Promise<Ran> {
  const controller = new AbortController();
  return ran(['check', '--brokers', brokers, '--topic', 'logs', ...more], {
    signal: controller.signal,
    onOut: (out) => {
      if (out.includes(text)) controller.abort();
    },
  });
}

/** Resolves once every connection is closed. */
async function disconnected(cluster: BrokerCluster, connected: ReadonlySet<number>): Promise<void> {
  await cluster.until(() => connected.size === 0);
}

function connectionsOf(cluster: BrokerCluster): ReadonlySet<number> {
  const connected = new Set<number>();
  cluster.on('connection', ({ id }) => connected.add(id));
  cluster.on('disconnection', ({ id }) => connected.delete(id));
  return connected;
}

it('began one step after the other in spite of Ctrl-C', async () => {
  const cluster = await startCluster();
  const connected = connectionsOf(cluster);
  const { code, out } = await checkedUpTo('partitions', brokersOf(cluster));
  expect(code).toBe(1);
  expect(out).toMatch(/\nok +partitions .*\n\nInterrupted; those after it were not tried\.\n$/);
  expect(cluster.requests.Produce).toBe(0);
  await disconnected(cluster, connected);
});

it('waited for a mute broker in spite of Ctrl-C', async () => {
  const sockets = new Set<Socket>();
  const controller = new AbortController();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined).resume());
    // The one that only tries the port sends nothing.
    socket.once('data', () => controller.abort());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  // Longer than this spec may take.
  const brokers = `127.0.0.1:${port}`;
  const args = ['check', '--brokers', brokers, '--topic', 'logs', '--timeout', '600000'];
  const { code, out } = await ran(args, { signal: controller.signal });
  expect(code).toBe(1);
  expect(out).toContain('Interrupted');
  expect(out).not.toContain('api versions');
  await Promise.all([...sockets].map((socket) => socket.closed || once(socket, 'close')));
});

it('wrote its record in spite of Ctrl-C while the reader joined its group', async () => {
  const cluster = await startCluster();
  const connected = connectionsOf(cluster);
  const controller = new AbortController();
  cluster.on('request', ({ api }) => {
    if (api === 'JoinGroup') controller.abort();
  });
  const args = ['check', '--brokers', brokersOf(cluster), '--topic', 'logs', '--json'];
  const { code, out } = await ran(args, { signal: controller.signal });
  expect(code).toBe(1);
  const { ok, steps } = JSON.parse(out);
  expect([ok, steps.at(-1).name]).toEqual([false, 'size limit']);
  expect(cluster.count('logs')).toBe(0);
  await disconnected(cluster, connected);
});
