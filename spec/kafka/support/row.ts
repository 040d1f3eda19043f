// One row of the table: a scenario, run with a logger and a transport of its own, and what came of it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import winston from 'winston';
import {
  KafkaTransport,
  type KafkaTransportOptions,
  type TransportStats,
  type Undelivered,
} from '../../../lib/index.ts';
import { arrivalsIn } from '../../support/arrivals.ts';
import { FaultyNetwork } from '../../support/faulty-network.ts';
import { numbersIn } from './read-back.ts';
import type { RealCluster, TopicOptions } from './real-cluster.ts';
import { Traffic } from './traffic.ts';

export interface RowOptions {
  readonly idempotent?: boolean;
  readonly topic?: TopicOptions;
  readonly transport?: Partial<KafkaTransportOptions>;
  /** Records a second. */
  readonly rate?: number;
  /** Whether its connections can be made to fail. */
  readonly faultyNetwork?: boolean;
  readonly text?: (number: number) => string;
  /** The mode of its spool, which is removed afterwards. */
  readonly spool?: 'overflow' | 'always';
  /** Of the client. */
  readonly kafka?: Partial<NonNullable<KafkaTransportOptions['kafka']>>;
}

export interface Row {
  readonly traffic: Traffic;
  readonly transport: KafkaTransport;
  readonly topic: string;
  /** Numbers that need not be there, because the scenario has taken them away from the broker. */
  readonly exempt: Set<number>;
  readonly network: FaultyNetwork;
}

export interface RowResult {
  readonly scenario: string;
  readonly records: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly outOfOrder: number;
  readonly handedOn: number;
  readonly reconnects: number;
  readonly loopDelayMs: number;
  readonly peakMiB: number;
  readonly stats: TransportStats;
}

const FLUSH_LIMIT_MS = 120_000;
const run = Date.now().toString(36);
let rows = 0;

/** A topic that no other row has, also of another run against the same brokers. */
export function nextTopic(): string {
  return `row-${run}-${++rows}`;
}

/** Runs a scenario, waits until all is settled, and reads the topic back. */
export async function runRow(
  cluster: RealCluster,
  scenario: string,
  options: RowOptions,
  act: (row: Row) => Promise<void>,
): Promise<RowResult> {
  const topic = nextTopic();
  await cluster.createTopic(topic, options.topic);
  const handedOn = new Set<number>();
  const exempt = new Set<number>();
  const network = new FaultyNetwork();
  const directory = await mkdtemp(join(tmpdir(), 'winston-kafkajs-row-'));
  const transport = new KafkaTransport({
    topic,
    kafka: {
      brokers: [...cluster.addresses],
      ...options.kafka,
      ...(options.faultyNetwork === true && { socketFactory: network.factory }),
    },
    ...(options.spool !== undefined && { spool: { directory, mode: options.spool } }),
    idempotent: options.idempotent ?? false,
    clientLog: { level: 'nothing' },
    fallback: ({ message }: Undelivered) => void handedOn.add(Number.parseInt(message, 10)),
    ...options.transport,
  });
  const format = winston.format.printf(({ message }) => String(message));
  const logger = winston.createLogger({ format, transports: [transport] });
  const traffic = new Traffic(logger, transport, options.rate ?? 2_000, options.text);
  const delays = monitorEventLoopDelay({ resolution: 5 });
  let peak = 0;
  const sampler = setInterval(() => {
    const { heapUsed, external } = process.memoryUsage();
    peak = Math.max(peak, heapUsed + external);
  }, 100);
  delays.enable();
  try {
    await act({ traffic, transport, topic, exempt, network });
    traffic.stop();
    await transport.flush(FLUSH_LIMIT_MS);
  } finally {
    traffic.stop();
    clearInterval(sampler);
    delays.disable();
    await transport.close();
    await rm(directory, { recursive: true });
  }
  const isExpected = (number: number): boolean => !handedOn.has(number) && !exempt.has(number);
  const arrived = await arrivedIn(cluster, topic, traffic.logged, isExpected);
  const stats = transport.stats();
  return {
    scenario,
    records: traffic.logged,
    ...arrived,
    handedOn: handedOn.size,
    reconnects: stats.reconnects,
    loopDelayMs: Math.round(delays.max / 1e6),
    peakMiB: Math.round(peak / 2 ** 20),
    stats,
  };
}

/** What a topic has of the numbers up to `logged`. */
export async function arrivedIn(
  cluster: RealCluster,
  topic: string,
  logged: number,
  isExpected: (number: number) => boolean = () => true,
): Promise<Pick<RowResult, 'lost' | 'duplicates' | 'outOfOrder'>> {
  const { seen, duplicates, outOfOrder } = arrivalsIn(await numbersIn(cluster.addresses, topic));
  const expected = Array.from({ length: logged }, (_, number) => number).filter(isExpected);
  return { lost: expected.filter((number) => !seen.has(number)).length, duplicates, outOfOrder };
}
