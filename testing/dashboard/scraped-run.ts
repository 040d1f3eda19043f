// A service with an outage, scraped by a real Prometheus.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setInterval, setTimeout as wait } from 'node:timers/promises';
import { Registry } from 'prom-client';
import winston from 'winston';
import { KafkaTransport, prometheus } from '../../lib/index.ts';
import { BrokerCluster } from '../broker/broker-cluster.ts';
import { freePort } from '../free-ports.ts';

export interface Prometheus {
  readonly url: string;
  /** When the run began and ended, in seconds since 1970. */
  readonly from: number;
  readonly to: number;
}

const PHASE_MS = 40_000;
const RECORDS_PER_TICK = 20;
const TICK_MS = 20;

/** The broker is there, is away, and is there again; Prometheus is asked while it still runs. */
export async function scrapedRun<T>(
  directory: string,
  ask: (prometheus: Prometheus) => Promise<T>,
): Promise<T> {
  const cluster = await BrokerCluster.start({ topics: { 'app-logs': 3 } });
  const transport = new KafkaTransport({
    topic: 'app-logs',
    kafka: { brokers: cluster.addresses },
    // Small, so that the outage fills it: 25 s of records.
    buffer: { maxRecords: 25_000 },
    retry: { maxMs: 2_000 },
  });
  transport.on('warn', ({ message }) => console.log(message));
  const logger = winston.createLogger({ transports: [transport] });
  const register = new Registry();
  prometheus(transport, { register });
  const service = createServer(async (_, response) => {
    response.setHeader('content-type', register.contentType).end(await register.metrics());
  }).listen(0, '127.0.0.1');
  await once(service, 'listening');
  const target = `127.0.0.1:${(service.address() as AddressInfo).port}`;
  const config = join(directory, 'prometheus.yml');
  writeFileSync(
    config,
    `global: { scrape_interval: 1s }
scrape_configs:
  - job_name: shop
    static_configs: [{ targets: ['${target}'] }]
    relabel_configs: [{ target_label: instance, replacement: shop-1 }]
`,
  );
  const address = `127.0.0.1:${await freePort()}`;
  const server = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=${address}`,
    ],
    { stdio: 'ignore' },
  );
  const ended = once(server, 'exit');
  const stop = new AbortController();
  const from = Date.now() / 1_000;
  const logging = (async (): Promise<void> => {
    let order = 0;
    for await (const _ of setInterval(TICK_MS, undefined, { signal: stop.signal })) {
      for (let at = 0; at < RECORDS_PER_TICK; at += 1) {
        logger.info('order taken', { order });
        order += 1;
      }
    }
  })().catch(() => undefined);
  try {
    await wait(PHASE_MS);
    await cluster.down();
    await wait(PHASE_MS);
    await cluster.up();
    await wait(PHASE_MS);
    return await ask({ url: `http://${address}`, from, to: Date.now() / 1_000 });
  } finally {
    stop.abort();
    await logging;
    await transport.close();
    server.kill();
    await ended;
    service.close();
    await cluster.stop();
  }
}
