import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type winston from 'winston';

const HOST = '127.0.0.1';

/** A small HTTP service on loopback: it logs one record per request, numbered in `seq`. */
export class Service {
  readonly #logger: winston.Logger;
  readonly #server = createServer((request, response) => this.#answer(request.url ?? '/', response));
  logged = 0;

  private constructor(logger: winston.Logger) {
    this.#logger = logger;
  }

  static async start(logger: winston.Logger): Promise<Service> {
    const service = new Service(logger);
    service.#server.listen(0, HOST);
    await once(service.#server, 'listening');
    return service;
  }

  get url(): string {
    return `http://${HOST}:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(path: string, response: ServerResponse): void {
    const seq = this.logged++;
    this.#logger.info(`GET ${path}`, { seq, status: 200 });
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ path, seq }));
  }
}
