// A gateway between a client and a broker, whose connections can die in the two ways that a network has.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { BrokerCluster } from '../../testing/broker/broker-cluster.ts';
import { TOPIC } from './topic.ts';

export class Gateway {
  readonly cluster: BrokerCluster;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, cluster: BrokerCluster) {
    this.#server = server;
    this.cluster = cluster;
    server.on('connection', (client) => this.#accept(client));
  }

  /** A broker that is reached through the gateway only. */
  static async start(): Promise<Gateway> {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const advertised = (): { host: string; port: number } => ({ host: '127.0.0.1', port });
    const gateway = new Gateway(server, await BrokerCluster.start({ topics: { [TOPIC]: 1 }, advertised }));
    onTestFinished(() => gateway.#stop());
    return gateway;
  }

  get address(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `${address}:${port}`;
  }

  /** Ends all connections: both ends are told. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Forgets all connections, as a NAT gateway does: nothing gets through any more, and neither end is told. */
  forget(): void {
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  #accept(client: Socket): void {
    const [host = '', port = ''] = (this.cluster.addresses[0] ?? '').split(':');
    const broker = connect({ host, port: Number(port), allowHalfOpen: true });
    client.pipe(broker).pipe(client);
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.once('close', () => this.#sockets.delete(socket));
    }
  }

  async #stop(): Promise<void> {
    this.#server.close();
    this.close();
    await this.cluster.stop();
  }
}
