// When record batches of our own are sent, in which version, and when kafkajs's public `send` is used instead.
import { createRequire } from 'node:module';
import type { Kafka, KafkaConfig, Message } from 'kafkajs';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { KafkaTransport } from '../../../../lib/index.ts';
import type { BrokerCluster } from '../../../../testing/broker/broker-cluster.ts';
import {
  expectAtLeastOnce,
  expectExactlyOnce,
  expectFlushed,
  turn,
  warningsOf,
} from '../../../scenarios/faults/rig.ts';
import { loggerWith, startCluster, TOPIC, transportTo } from '../../../support/harness.ts';

const kafkajs = createRequire(import.meta.url)('kafkajs') as { Kafka: typeof Kafka };

afterEach(() => {
  vi.restoreAllMocks();
});

/** Logs some records, and waits until all so far have arrived. */
async function delivers(transport: KafkaTransport, from: number, count: number): Promise<void> {
  const logger = loggerWith(transport);
  for (let n = from; n < from + count; n++) logger.info(`record ${n}`);
  await expectFlushed(transport, from + count);
}

describe('the version of Produce', () => {
  it.each([
    [3, 12, 12],
    [0, 9, 9],
    [0, 8, 8],
    [0, 7, 7],
    [3, 3, 3],
    [8, 8, 8],
    [9, 20, 12],
    [12, 13, 12],
  ])('of a broker that speaks %i to %i is %i', async (min, max, version) => {
    const cluster = await startCluster({ versions: { Produce: [min, max] } });
    const transport = transportTo(cluster);
    await delivers(transport, 0, 20);
    expectExactlyOnce(cluster, 20);
    expect(cluster.produceVersions).toEqual([version]);
    expect(transport.stats().path).toBe('fast');
  });

  it("is that of the partition's leader, where the brokers speak different ones (tulios/kafkajs#1656)", async () => {
    const cluster = await startCluster({ brokers: 3, topics: { [TOPIC]: 3 } });
    const ranges = [
      [3, 7],
      [3, 9],
      [10, 12],
    ] as const;
    for (const [broker, Produce] of ranges.entries()) cluster.versions({ Produce }, broker);
    let at = 0;
    const transport = transportTo(cluster, { partition: () => at++ % 3 });
    await delivers(transport, 0, 90);
    expectExactlyOnce(cluster, 90);
    const versions = cluster
      .batches(TOPIC)
      .map(({ partition, produceVersion }) => [partition, produceVersion]);
    expect(new Set(versions.map(String))).toEqual(new Set(['0,7', '1,9', '2,12']));
    expect(cluster.refusedVersions).toBe(0);
  });

  it('is found anew with each connection: a cluster is upgraded broker by broker, under traffic', async () => {
    const cluster = await startCluster({ brokers: 3, topics: { [TOPIC]: 3 }, versions: { Produce: [0, 9] } });
    const transport = transportTo(cluster, { key: ({ message }) => message });
    await delivers(transport, 0, 100);
    let logged = 100;
    for (const broker of [0, 1, 2]) {
      await cluster.down(broker);
      const logger = loggerWith(transport);
      for (let n = 0; n < 50; n++) logger.info(`record ${logged++}`);
      cluster.versions({ Produce: [10, 12] }, broker);
      await cluster.up(broker);
      await expectFlushed(transport, logged);
    }
    expectAtLeastOnce(cluster, logged);
    expect(cluster.produceVersions).toEqual([9, 12]);
    expect(transport.stats().path).toBe('fast');
  });
});

it('a broker that has not said its versions yet is not taken for connected: the sends to it wait', async () => {
  const cluster = await startCluster({ brokers: 2, topics: { [TOPIC]: 4 } });
  let partition = 0;
  // The one that is asked first is no other than the leader of the first records.
  const kafka = { brokers: cluster.addresses.slice(0, 1) };
  const transport = transportTo(cluster, { kafka, partition: () => partition });
  const warnings = warningsOf(transport);
  await delivers(transport, 0, 10);
  let goOn = (): void => undefined;
  const hold = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const fault = cluster.inject({ api: 'ApiVersions', broker: 1, action: { hold } });
  const logger = loggerWith(transport);
  // Both partitions are led by the other broker.
  partition = 1;
  for (let n = 10; n < 20; n++) logger.info(`record ${n}`);
  await cluster.until(() => fault.hits === 1);
  partition = 3;
  for (let n = 20; n < 30; n++) logger.info(`record ${n}`);
  while (transport.stats().sends < 3) await turn();
  for (let n = 0; n < 20; n++) await turn();
  goOn();
  await expectFlushed(transport, 30);
  expectExactlyOnce(cluster, 30);
  expect(warnings).toEqual([]);
  expect(transport.stats()).toMatchObject({ path: 'fast', retries: 0, reconnects: 0, lastError: null });
});

describe("kafkajs's public send is used", () => {
  async function sendsInstead(cluster: BrokerCluster, transport: KafkaTransport): Promise<void> {
    await delivers(transport, 0, 20);
    expectExactlyOnce(cluster, 20);
    expect(cluster.produceVersions).toEqual([7]);
    expect(transport.stats().path).toBe('send');
  }

  it('with fastPath: false', async () => {
    const cluster = await startCluster();
    await sendsInstead(cluster, transportTo(cluster, { fastPath: false }));
  });

  it('where kafkajs does not show how it makes its cluster, as in a fork', async () => {
    const cluster = await startCluster();
    const { Kafka } = kafkajs;
    class Fork extends Kafka {
      constructor(config: KafkaConfig) {
        super(config);
        // biome-ignore lint/correctness/noConstructorReturn: what is private to it cannot be seen from outside
        return new Proxy(this, {
          ownKeys: (kafka) => Reflect.ownKeys(kafka).filter((name) => typeof name === 'string'),
        });
      }
    }
    kafkajs.Kafka = Fork;
    onTestFinished(() => {
      kafkajs.Kafka = Kafka;
    });
    await sendsInstead(cluster, transportTo(cluster));
  });

  it.each<[string, (messages: Message[]) => Message[]]>([
    ['makes new messages', (messages) => messages.map((message) => ({ ...message, ...withSpan(message) }))],
    [
      'changes each message',
      (messages) => {
        for (const message of messages) Object.assign(message, withSpan(message));
        return messages;
      },
    ],
    [
      'changes them by their places',
      (messages) => {
        for (let at = 0; at < messages.length; at++)
          messages[at] = { ...(messages[at] as Message), ...withSpan(messages[at]) };
        return messages;
      },
    ],
  ])('where an instrumented one %s', async (_name, instrument) => {
    const cluster = await startCluster();
    instrumentSends((messages) => instrument(messages));
    await sendsInstead(
      cluster,
      transportTo(cluster, { key: ({ message }) => message, headers: () => ({ own: 'ä' }) }),
    );
    for (const { key, value, headers } of cluster.records(TOPIC)) {
      expect(key?.toString()).toBe(value.toString());
      expect(headers).toEqual({ own: Buffer.from('ä'), span: Buffer.from('1') });
    }
  });

  it('no longer than the sends are looked into', async () => {
    const cluster = await startCluster();
    let isLooking = true;
    instrumentSends((messages) => (isLooking ? [...messages] : messages));
    const transport = transportTo(cluster);
    await delivers(transport, 0, 10);
    expect(transport.stats().path).toBe('send');
    isLooking = false;
    await delivers(transport, 10, 10);
    expect(transport.stats().path).toBe('fast');
    expectExactlyOnce(cluster, 20);
  });

  it('by a send of an idempotent producer that is looked into, under the same count of sequence numbers', async () => {
    const cluster = await startCluster({ topics: { [TOPIC]: 1 } });
    let sends = 0;
    instrumentSends((messages) => (sends++ % 2 === 0 ? [...messages] : messages));
    // Of both encoders, some.
    let requests = 0;
    const when = (): boolean => [2, 5, 6].includes(requests++);
    cluster.inject({ api: 'Produce', times: 3, when, action: { cut: 'after-store' } });
    const transport = transportTo(cluster, { idempotent: true, batch: { maxRecords: 5, lingerMs: 1 } });
    await delivers(transport, 0, 50);
    expectExactlyOnce(cluster, 50);
    const batches = cluster.batches(TOPIC);
    expect(new Set(batches.map(({ produceVersion }) => produceVersion))).toEqual(new Set([7, 12]));
    expect(batches.map(({ bytes }) => bytes.readInt32BE(53))).toEqual(batches.map((_, at) => at * 5));
    expect(transport.stats().reconnects).toBe(0);
  });
});

it('an instrumented send that only counts is called, and costs nothing', async () => {
  const cluster = await startCluster();
  const counts: number[] = [];
  instrumentSends((messages) => {
    counts.push(messages.length);
    return messages;
  });
  const transport = transportTo(cluster);
  await delivers(transport, 0, 20);
  expectExactlyOnce(cluster, 20);
  expect(counts.reduce((sum, count) => sum + count)).toBe(20);
  expect(transport.stats().path).toBe('fast');
});

it('a broker that asks for a pause gets no request meanwhile', async () => {
  const cluster = await startCluster();
  cluster.inject({ api: 'Produce', action: { throttle: 200 }, times: 2 });
  const transport = transportTo(cluster, { batch: { maxRecords: 10, lingerMs: 1 } });
  await delivers(transport, 0, 100);
  expectExactlyOnce(cluster, 100);
  expect(cluster.producesWhileThrottled).toBe(0);
  expect(transport.stats().throttledMs).toBe(400);
  expect(cluster.produceVersions).toEqual([12]);
});

it('a handed-in producer has no path of ours', async () => {
  const cluster = await startCluster();
  const producer = new kafkajs.Kafka({ brokers: cluster.addresses, logLevel: 0 }).producer();
  const transport = transportTo(cluster, { producer });
  expect(transport.stats().path).toBe('client');
  await delivers(transport, 0, 10);
  expect(transport.stats().path).toBe('client');
  await transport.close();
  await producer.disconnect();
});

const withSpan = (message: Message | undefined): Pick<Message, 'headers'> => ({
  headers: { ...message?.headers, span: '1' },
});

/** As tracers do: each producer that is made gets another `send`. */
function instrumentSends(instrument: (messages: Message[]) => Message[]): void {
  const { producer: make } = kafkajs.Kafka.prototype;
  vi.spyOn(kafkajs.Kafka.prototype, 'producer').mockImplementation(function (this: Kafka, config) {
    const producer = make.call(this, config);
    const { send } = producer;
    producer.send = (record) => send({ ...record, messages: instrument(record.messages) });
    return producer;
  });
}
