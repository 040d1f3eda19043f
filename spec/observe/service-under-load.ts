// A service as people have them: it logs for each request, and has a page for Prometheus to scrape. Its broker goes away
// for a moment while it is under load.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import winston from 'winston';
import { KafkaTransport, prometheus } from '../../lib/index.ts';
import { BrokerCluster } from '../../testing/broker/broker-cluster.ts';

const REQUESTS = 1_000;
const AT_ONCE = 25;

export interface LoadedService {
  /** The page, scraped over HTTP: in the outage, and after the last request. */
  readonly inOutage: string;
  readonly atEnd: string;
}

export async function runServiceUnderLoad(): Promise<LoadedService> {
  const cluster = await BrokerCluster.start({ topics: { 'app-logs': 3 } });
  const transport = new KafkaTransport({
    topic: 'app-logs',
    kafka: { clientId: 'shop', brokers: cluster.addresses },
    filter: (record) => record.extra.path !== '/healthz',
    retry: { initialMs: 1, maxMs: 20 },
    clientLog: { level: 'nothing' },
  });
  const logger = winston.createLogger({ transports: [transport] });
  const register = new Registry();
  prometheus(transport, { register });
  const server = createServer(async (request, response) => {
    if (request.url === '/metrics') {
      response.setHeader('content-type', register.contentType).end(await register.metrics());
      return;
    }
    logger.info('request', { path: request.url });
    if (request.url?.endsWith('7') === true) logger.warn('slow', { path: request.url });
    response.end('done');
  });
  const url = await listen(server);
  const scrape = async (): Promise<string> => await (await fetch(`${url}/metrics`)).text();

  await ask(url, REQUESTS / 2);
  await cluster.down();
  await ask(url, REQUESTS / 4);
  while (transport.stats().state !== 'down') await new Promise((resolve) => setTimeout(resolve, 5));
  const inOutage = await scrape();
  await cluster.up();
  await ask(url, REQUESTS / 4);
  await transport.flush(Number.POSITIVE_INFINITY);
  const atEnd = await scrape();
  await transport.close();
  server.closeAllConnections();
  server.close();
  await cluster.stop();
  return { inOutage, atEnd };
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** So many requests, some at a time; every tenth is that of a probe. */
async function ask(url: string, requests: number): Promise<void> {
  for (let from = 0; from < requests; from += AT_ONCE) {
    const paths = Array.from({ length: AT_ONCE }, (_, at) =>
      (from + at) % 10 === 0 ? 'healthz' : `orders/${from + at}`,
    );
    await Promise.all(paths.map(async (path) => await (await fetch(`${url}/${path}`)).text()));
  }
}
