// What the specs of faults have in common: what arrived, in which order, and what the process heard of it.
import { expect, onTestFinished } from 'vitest';
import type { KafkaTransport, KafkaTransportError } from '../../../lib/index.ts';
import type { BrokerCluster, FaultAction, StoredRecord } from '../../../testing/broker/broker-cluster.ts';
import { expectLaw, loggerWith, TOPIC } from '../../support/harness.ts';

/** Nothing that the transport does may end the process. */
export function expectNoUnhandledRejection(): void {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => {
    unhandled.push(error);
  };
  process.on('unhandledRejection', note);
  onTestFinished(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
}

export function warningsOf(transport: KafkaTransport): KafkaTransportError[] {
  const warnings: KafkaTransportError[] = [];
  transport.on('warn', (warning: KafkaTransportError) => warnings.push(warning));
  return warnings;
}

/** The number at the end of `record 17`. */
export const numberOf = (record: StoredRecord): number => Number(/\d+$/.exec(record.value.toString())?.[0]);

export function byPartition(cluster: BrokerCluster, topic = TOPIC): StoredRecord[][] {
  const partitions: StoredRecord[][] = [];
  for (const record of cluster.records(topic)) {
    const own = partitions[record.partition] ?? [];
    partitions[record.partition] = own;
    own.push(record);
  }
  return partitions.filter((own) => own !== undefined);
}

/** All of them there, each once, and in order within each partition. */
export function expectExactlyOnce(cluster: BrokerCluster, count: number, topic = TOPIC): void {
  const numbers = cluster.records(topic).map(numberOf);
  expect(numbers.length).toBe(count);
  expect(new Set(numbers).size).toBe(count);
  expectInOrder(cluster, topic);
}

/** None lost; what arrived twice does not count the second time; first arrivals in order within each partition. */
export function expectAtLeastOnce(cluster: BrokerCluster, count: number, topic = TOPIC): void {
  const numbers = cluster.records(topic).map(numberOf);
  expect(new Set(numbers).size).toBe(count);
  expectInOrder(cluster, topic);
}

export function expectInOrder(cluster: BrokerCluster, topic = TOPIC): void {
  for (const own of byPartition(cluster, topic)) {
    const first = [...new Set(own.map(numberOf))];
    expect(first).toEqual([...first].sort((a, b) => a - b));
  }
}

/** Every send so far had one topic and one partition. */
export function watchSends(cluster: BrokerCluster): { targets: number[] } {
  const watch = { targets: [] as number[] };
  cluster.on('request', ({ api, targets }) => {
    if (api === 'Produce') watch.targets.push(targets.length);
  });
  onTestFinished(() => expect(new Set(watch.targets)).toEqual(new Set(watch.targets.length > 0 ? [1] : [])));
  return watch;
}

export async function expectFlushed(
  transport: KafkaTransport,
  count: number,
  timeoutMs = 20_000,
): Promise<void> {
  expect(await transport.flush(timeoutMs)).toEqual({ delivered: count, dropped: 0, pending: 0 });
  expectLaw(transport);
}

/** Gives the event loop, and so the broker, a turn between so many records. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Resolves when the transport has noticed that nothing gets through. */
export async function untilDown(transport: KafkaTransport): Promise<void> {
  while (transport.stats().state !== 'down') await transport.flush(20);
}

/** Logs so many records while one send in ten goes wrong, until all are settled. */
export async function logThroughFaults(
  cluster: BrokerCluster,
  transport: KafkaTransport,
  action: FaultAction,
  count: number,
): Promise<void> {
  let sent = 0;
  const fault = cluster.inject({
    api: 'Produce',
    times: Number.POSITIVE_INFINITY,
    when: () => ++sent % 10 === 5,
    action,
  });
  const logger = loggerWith(transport);
  for (let n = 0; n < count; n++) {
    logger.info(`record ${n}`);
    if (n % 25 === 0) await turn();
  }
  await expectFlushed(transport, count);
  expect(fault.hits).toBeGreaterThan(2);
}
