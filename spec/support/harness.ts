import { expect, onTestFinished } from 'vitest';
import winston from 'winston';
import TransportStream from 'winston-transport';
import { KafkaTransport, type KafkaTransportOptions } from '../../lib/index.ts';
import { BrokerCluster, type BrokerClusterOptions } from '../../testing/broker/broker-cluster.ts';
import { accountedFor } from './accounting.ts';

export { droppedIn } from './accounting.ts';

export const TOPIC = 'app-logs';

/** A stand-in cluster that stops with the spec. */
export async function startCluster(options: BrokerClusterOptions = {}): Promise<BrokerCluster> {
  const cluster = await BrokerCluster.start({ topics: { [TOPIC]: 1 }, ...options });
  onTestFinished(() => cluster.stop());
  return cluster;
}

type Overrides = Partial<KafkaTransportOptions>;

/** Whether this is the second run of the specs that have to hold in both modes. */
export const isWorkerRun: boolean = process.env.SPEC_WORKER === 'true';

/** How long a worker may take to start, in milliseconds: to be added where time is short. */
export const START_MS: number = isWorkerRun ? 3_000 : 0;

/** A transport for the cluster, closed with the spec. Short waits, so that specs of outages are short. */
export function transportTo(cluster: BrokerCluster, overrides: Overrides = {}): KafkaTransport {
  const { producer, kafkaModule } = overrides;
  const own = (producer ?? kafkaModule) === undefined ? { kafka: { brokers: cluster.addresses } } : {};
  return tracked(
    new KafkaTransport({
      topic: TOPIC,
      ...own,
      batch: { lingerMs: 1 },
      retry: { initialMs: 1, maxMs: 20 },
      closeTimeoutMs: 2_000 + START_MS,
      clientLog: { level: 'nothing' },
      ...overrides,
      ...workerMode({ ...own, ...overrides }),
    }),
  );
}

/**
 * Where the specs run for the second time, `worker: true`; unless there is something that stays in its thread, or the
 * spec says otherwise itself.
 */
export function workerMode(options: Overrides): Pick<Overrides, 'worker'> {
  const isOpen = isWorkerRun && options.worker === undefined;
  return isOpen && options.producer === undefined && !holdsFunction(options.kafka) ? { worker: true } : {};
}

function holdsFunction(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value === 'function';
  return Object.values(value).some(holdsFunction);
}

/** Sees to it that a transport is closed with the spec, and that its books balance to the end. */
export function tracked(transport: KafkaTransport): KafkaTransport {
  onTestFinished(async () => {
    await transport.close();
    expectLaw(transport);
  });
  return transport;
}

/** A logger whose messages are its records' values: `plain` text, as it was logged. */
export function loggerWith(...transports: TransportStream[]): winston.Logger {
  return winston.createLogger({ level: 'silly', format: plain(), transports });
}

/** A format that writes the message as it is. */
export function plain(): winston.Logform.Format {
  return winston.format.printf(({ message }) => String(message));
}

/** A transport that keeps what it gets. */
export class Collecting extends TransportStream {
  readonly infos: winston.Logform.TransformableInfo[] = [];

  get messages(): string[] {
    return this.infos.map(({ message }) => String(message));
  }

  override log(info: winston.Logform.TransformableInfo, next: () => void): void {
    this.infos.push(info);
    next();
  }
}

/** A transport that pushes back: it takes one record a turn of the event loop. */
export class Slow extends Collecting {
  constructor(options?: TransportStream.TransportStreamOptions) {
    super({ ...options, highWaterMark: 1 } as TransportStream.TransportStreamOptions);
  }

  override log(info: winston.Logform.TransformableInfo, next: () => void): void {
    this.infos.push(info);
    setImmediate(next);
  }

  /** Resolves when it has as many. */
  async has(count: number): Promise<void> {
    while (this.infos.length < count) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Takes one record, and never calls back: what is logged from then on waits in winston. */
export class Stuck extends Collecting {
  constructor() {
    super({ highWaterMark: 1 } as TransportStream.TransportStreamOptions);
  }

  override log(info: winston.Logform.TransformableInfo): void {
    this.infos.push(info);
  }
}

/** The accounting law of the contract. */
export function expectLaw(transport: Pick<KafkaTransport, 'stats'>): void {
  const stats = transport.stats();
  expect(stats.accepted).toBe(accountedFor(stats));
}

/** `prefix 0`, `prefix 1`, … */
export function numbered(count: number, prefix = 'record'): string[] {
  return Array.from({ length: count }, (_, at) => `${prefix} ${at}`);
}
