// One row of the table: a scenario, run with a logger and a transport of its own, and what came of it.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import winston from 'winston';
import {
  KafkaTransport,
  type KafkaTransportOptions,
  type TransportStats,
  type Undelivered,
} from '../../../lib/index.ts';
import { arrivalsIn } from '../../support/arrivals.ts';
import { numbersIn } from './read-back.ts';
import type { RealCluster, TopicOptions } from './real-cluster.ts';
import { FaultyNetwork } from './sockets.ts';
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
let rows = 0;

/** Runs a scenario, waits until all is settled, and reads the topic back. */
export async function runRow(
  cluster: RealCluster,
  scenario: string,
  options: RowOptions,
  run: (row: Row) => Promise<void>,
): Promise<RowResult> {
  const topic = `row-${++rows}`;
  await cluster.createTopic(topic, options.topic);
  const handedOn = new Set<number>();
  const exempt = new Set<number>();
  const network = new FaultyNetwork();
  const transport = new KafkaTransport({
    topic,
    kafka: {
      brokers: cluster.addresses,
      ...(options.faultyNetwork === true && { socketFactory: network.factory }),
    },
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
    await run({ traffic, transport, topic, exempt, network });
    traffic.stop();
    await transport.flush(FLUSH_LIMIT_MS);
  } finally {
    traffic.stop();
    clearInterval(sampler);
    delays.disable();
    await transport.close();
  }
  const expected = Array.from({ length: traffic.logged }, (_, number) => number).filter(
    (number) => !handedOn.has(number) && !exempt.has(number),
  );
  const { seen, duplicates, outOfOrder } = arrivalsIn(await numbersIn(cluster.addresses, topic));
  const stats = transport.stats();
  return {
    scenario,
    records: traffic.logged,
    lost: expected.filter((number) => !seen.has(number)).length,
    duplicates,
    outOfOrder,
    handedOn: handedOn.size,
    reconnects: stats.reconnects,
    loopDelayMs: Math.round(delays.max / 1e6),
    peakMiB: Math.round(peak / 2 ** 20),
    stats,
  };
}
