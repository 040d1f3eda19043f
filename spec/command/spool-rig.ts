import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import winston from 'winston';
import { KafkaTransport, type KafkaTransportOptions } from '../../lib/index.ts';
import type { BrokerCluster } from '../../testing/broker/broker-cluster.ts';
import { ran } from './rig.ts';

export const COUNT = 40;

export function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'winston-kafkajs-spool-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A transport with all of its records on disk, while its broker is away. */
export async function spooling(
  cluster: BrokerCluster,
  path: string,
  topic: KafkaTransportOptions['topic'] = 'logs',
): Promise<KafkaTransport> {
  await cluster.down();
  const transport = new KafkaTransport({
    topic,
    kafka: { brokers: cluster.addresses },
    spool: { directory: path, mode: 'always' },
    closeTimeoutMs: 200,
    signals: false,
  });
  transport.on('warn', () => undefined);
  const logger = winston.createLogger({ transports: [transport] });
  for (let at = 0; at < COUNT; at++) logger.info(`record ${at}`);
  // A group of records is written when the code that logs has returned.
  await new Promise((resolve) => setImmediate(resolve));
  return transport;
}

/** A spool whose owner is gone, beside a broker that is there again. */
export async function leftBehind(
  cluster: BrokerCluster,
  topic?: KafkaTransportOptions['topic'],
): Promise<string> {
  const path = directory();
  await (await spooling(cluster, path, topic)).close();
  await cluster.up();
  return path;
}

export async function waitingIn(path: string): Promise<number> {
  return JSON.parse((await ran(['spool', path, '--json'])).out).waiting;
}

export const messagesIn = (cluster: BrokerCluster, topic: string): string[] =>
  cluster.values(topic).map((value) => JSON.parse(value).message);
