// The worker's side, in this thread: what it answers to each order.
import { once } from 'node:events';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { KafkaConfig, LogEntry } from 'kafkajs';
import { expect, it, onTestFinished } from 'vitest';
import type {
  ExitDrainTask,
  Report,
  Task,
  WorkerSettings,
} from '../../lib/clients/worker/messages/thread-messages.ts';
import { recordsToWire } from '../../lib/clients/worker/messages/wire-records.ts';
import { importDefault } from '../../lib/clients/worker/modules/import-default.ts';
import { partitionOfKey } from '../../lib/protocol/murmur2.ts';
import { PendingRecord } from '../../lib/record/record.ts';
import { serve } from '../../lib/worker-thread/serve.ts';
import type { BrokerCluster } from '../../testing/broker/broker-cluster.ts';
import { recordOf } from '../sender/rig.ts';
import { numbered, startCluster, TOPIC } from '../support/harness.ts';

const SETTINGS: WorkerSettings = {
  kafkaModule: undefined,
  platformatic: undefined,
  logLevel: 0,
  acks: -1,
  idempotent: false,
  compression: undefined,
  requestTimeoutMs: 5_000,
  fastPath: true,
  compressionLevel: undefined,
  log: 1,
};

class Served {
  readonly reports: Report[] = [];
  readonly counter = new Int32Array(new SharedArrayBuffer(4));
  readonly #port: MessagePort;
  #calls = 0;

  constructor(settings: Partial<WorkerSettings> = {}) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1.on('message', (report: Report) => this.reports.push(report));
    serve({ kafkajs: undefined, imports: [], port: port2, reports: this.counter });
    void this.ask({ kind: 'open', settings: { ...SETTINGS, ...settings } });
    onTestFinished(() => port1.close());
  }

  /** What became of it: `done`, or the error's text. */
  async ask(task: Task): Promise<string> {
    const call = ++this.#calls;
    this.#port.postMessage({ ...task, call, transport: 1 });
    for (;;) {
      const answer = this.reports.find(
        (report) => 'call' in report && report.call === call && report.kind !== 'bound',
      );
      if (answer?.kind === 'done') return 'done';
      if (answer?.kind === 'failed') return answer.error.message;
      await once(this.#port, 'message');
    }
  }

  of<Kind extends Report['kind']>(kind: Kind): Extract<Report, { kind: Kind }>[] {
    return this.reports.filter((report): report is Extract<Report, { kind: Kind }> => report.kind === kind);
  }
}

/** Not among the types of ES 2023. */
interface WithWaitAsync {
  waitAsync(counter: Int32Array, at: number, value: number, timeoutMs: number): { value: Promise<string> };
}

const batchOf = (texts: string[], partition?: number, topic = TOPIC) => ({
  topic,
  partition,
  records: recordsToWire(
    texts.map((text) => new PendingRecord({ topic, level: 'info', severity: 2, time: 1, text, key: null })),
  ),
});

const kafkaOf = (cluster: BrokerCluster) => ({ brokers: cluster.addresses });

const drainOf = (...batches: ExitDrainTask['batches']): ExitDrainTask => ({
  batches,
  batch: { maxRecords: 10, maxBytes: 1_000_000, lingerMs: 1 },
  retry: { initialMs: 1, maxMs: 5 },
  timeoutMs: 5_000,
});

it('connects, sends, tells what it has learnt, and lets go', async () => {
  const cluster = await startCluster();
  const served = new Served();
  expect(await served.ask({ kind: 'connect', client: 1, kafka: kafkaOf(cluster) })).toBe('done');
  expect(await served.ask({ kind: 'send', client: 1, batch: batchOf(['a', 'b']) })).toBe('done');
  expect(served.of('bound')).toEqual([{ kind: 'bound', call: 3, partition: 0 }]);
  expect(served.of('partitions')).toEqual([
    { transport: 1, kind: 'partitions', topic: TOPIC, count: 1, writable: [0] },
  ]);
  expect(cluster.values(TOPIC)).toEqual(['a', 'b']);
  expect(await served.ask({ kind: 'close', client: 1 })).toBe('done');
  expect(await served.ask({ kind: 'kill', client: 1 })).toBe('done');
  expect(await served.ask({ kind: 'send', client: 1, batch: batchOf(['c']) })).toMatch('not connected');
  // Whoever cannot wait for an event counts them.
  expect(served.counter[0]).toBe(served.reports.length);
});

it('wakes whoever waits for its next report', async () => {
  const served = new Served();
  await served.ask({ kind: 'kill', client: 1 });
  const told = (Atomics as unknown as WithWaitAsync).waitAsync(
    served.counter,
    0,
    served.counter[0] ?? 0,
    20_000,
  );
  await served.ask({ kind: 'kill', client: 1 });
  expect(await told.value).toBe('ok');
});

it('counts a report when it can be received: whoever looked in between would wait for the next one', () => {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  const reports = new Int32Array(new SharedArrayBuffer(4));
  const counted: unknown[] = [];
  const postMessage = (): void => void counted.push(reports[0]);
  const report = serve({
    ...{ kafkajs: undefined, imports: [], reports },
    port: Object.assign(port2, { postMessage }),
  });
  for (const text of ['a', 'b']) report({ kind: 'print', to: 'stdout', text });
  expect([counted, reports[0]]).toEqual([[0, 1], 2]);
});

it('a transport that leaves has its clients cut, and is known no more', async () => {
  const cluster = await startCluster();
  const served = new Served();
  await served.ask({ kind: 'connect', client: 1, kafka: kafkaOf(cluster) });
  expect(await served.ask({ kind: 'leave' })).toBe('done');
  await cluster.until(() => cluster.connections === 0);
  expect(await served.ask({ kind: 'close', client: 1 })).toBe('transport 1 is not known in this thread');
});

it('hands an error over with what tells its kind', async () => {
  const served = new Served();
  await served.ask({ kind: 'connect', client: 1, kafka: { brokers: ['127.0.0.1:1'] } });
  expect(served.of('failed')).toMatchObject([
    { error: { name: 'KafkaJSNumberOfRetriesExceeded', cause: { name: 'KafkaJSConnectionError' } } },
  ]);
});

it('makes no client that has been given up in the meantime', async () => {
  const cluster = await startCluster();
  const served = new Served();
  const connecting = served.ask({ kind: 'connect', client: 1, kafka: undefined });
  await served.ask({ kind: 'kill', client: 1 });
  expect(await connecting).toMatch('kafkaModule');
  await served.ask({ kind: 'kill', client: 3 });
  expect(await served.ask({ kind: 'connect', client: 2, kafka: kafkaOf(cluster) })).toMatch('given up');
  expect(cluster.connectionsEver).toBe(0);
});

it('renews the connections of an idempotent producer, and of no other', async () => {
  const cluster = await startCluster();
  const served = new Served({ idempotent: true });
  await served.ask({ kind: 'connect', client: 1, kafka: kafkaOf(cluster) });
  const before = cluster.connectionsEver;
  expect(await served.ask({ kind: 'renew', client: 1 })).toBe('done');
  expect(await served.ask({ kind: 'send', client: 1, batch: batchOf(['a']) })).toBe('done');
  expect(cluster.connectionsEver).toBeGreaterThan(before);
  await served.ask({ kind: 'close', client: 1 });
  const plain = new Served();
  await plain.ask({ kind: 'connect', client: 1, kafka: kafkaOf(cluster) });
  expect(await plain.ask({ kind: 'renew', client: 1 })).toBe('done');
  await plain.ask({ kind: 'close', client: 1 });
});

it('hands the lines of the client on, and of what is in them what can be handed on', async () => {
  const cluster = await startCluster();
  const served = new Served({ logLevel: 5 });
  await served.ask({ kind: 'connect', client: 1, kafka: kafkaOf(cluster) });
  await served.ask({ kind: 'close', client: 1 });
  const { entry } = served.of('line')[0] ?? {};
  expect(entry).toMatchObject({
    level: 5,
    namespace: expect.any(String),
    log: { message: expect.any(String) },
  });
});

it('hands the lines on again, once a module that had a logCreator has none', async () => {
  const cluster = await startCluster();
  const kafkaModule = new URL('./fixtures/kafka-that-changes.mjs', import.meta.url).href;
  const config = (await importDefault(kafkaModule)) as Partial<KafkaConfig>;
  const served = new Served({ logLevel: 5, kafkaModule });
  const ofModule: unknown[] = [];
  const logCreator = () => (entry: LogEntry) => void ofModule.push(entry.log.clientId);
  Object.assign(config, kafkaOf(cluster), { clientId: 'first', logCreator });
  expect(await served.ask({ kind: 'connect', client: 1, kafka: undefined })).toBe('done');
  await served.ask({ kind: 'close', client: 1 });
  Object.assign(config, { clientId: 'second', logCreator: undefined });
  expect(await served.ask({ kind: 'connect', client: 2, kafka: undefined })).toBe('done');
  await served.ask({ kind: 'close', client: 2 });
  expect(ofModule).toContain('first');
  expect(ofModule).not.toContain('second');
  const handedOn = served.of('line').map(({ entry }) => entry.log.clientId);
  expect(handedOn).toContain('second');
  expect(handedOn).not.toContain('first');
});

it('says what is wrong with a module', async () => {
  const moduleAt = (name: string) => new URL(`./fixtures/${name}`, import.meta.url).href;
  const connect: Task = { kind: 'connect', client: 1, kafka: undefined };
  expect(await new Served({ kafkaModule: moduleAt('not-there.mjs') }).ask(connect)).toMatch(
    /^kafkaModule file:.*not-there.mjs cannot be loaded: /,
  );
  expect(await new Served({ kafkaModule: moduleAt('empty.mjs') }).ask(connect)).toMatch(
    /^kafkaModule file:.*empty.mjs has no default export with "brokers"/,
  );
});

it('says that a codec is missing', async () => {
  const cluster = await startCluster();
  const served = new Served({ compression: 2 });
  expect(await served.ask({ kind: 'connect', client: 1, kafka: kafkaOf(cluster) })).toMatch(
    'register it in CompressionCodecs',
  );
});

it('carries out a drain: where it is bound, in order, and tells what became of each record', async () => {
  const cluster = await startCluster({ topics: { [TOPIC]: 3, forbidden: 1 } });
  cluster.inject({
    api: 'Produce',
    topic: 'forbidden',
    times: Number.POSITIVE_INFINITY,
    action: { error: 29 },
  });
  const served = new Served();
  // The client of before is gone then.
  await served.ask({ kind: 'connect', client: 1, kafka: kafkaOf(cluster) });
  const drain = drainOf(
    batchOf(numbered(25), 2),
    batchOf(['x'], undefined, 'forbidden'),
    batchOf(['unkeyed']),
  );
  expect(await served.ask({ kind: 'drain-on-exit', kafka: kafkaOf(cluster), drain })).toBe('done');
  expect(
    cluster
      .records(TOPIC)
      .filter(({ partition }) => partition === 2)
      .map(({ value }) => String(value)),
  ).toEqual(expect.arrayContaining(numbered(25)));
  expect(cluster.values(TOPIC).sort()).toEqual([...numbered(25), 'unkeyed'].sort());
  const delivered = served.of('delivered').flatMap(({ indexes }) => indexes);
  expect(delivered.sort((a, b) => a - b)).toEqual([...Array(25).keys(), 26]);
  expect(served.of('dropped')).toMatchObject([
    { index: 25, reason: 'rejected', error: { type: 'TOPIC_AUTHORIZATION_FAILED' } },
  ]);
});

it('tells why nothing of a drain gets through', async () => {
  const served = new Served();
  const drain = { ...drainOf(batchOf(['a'])), timeoutMs: 50 };
  await served.ask({ kind: 'drain-on-exit', kafka: { brokers: ['127.0.0.1:1'] }, drain });
  expect(served.of('outage')[0]?.error.message).toMatch('ECONNREFUSED');
  expect(served.of('delivered')).toEqual([]);
});

it('carries out a drain in batches within both limits', async () => {
  const cluster = await startCluster();
  const requestsFor = async (limits: Partial<ExitDrainTask['batch']>): Promise<number> => {
    const before = cluster.requests.Produce ?? 0;
    const drain = drainOf(batchOf(numbered(6)));
    const batch = { ...drain.batch, ...limits };
    await new Served().ask({ kind: 'drain-on-exit', kafka: kafkaOf(cluster), drain: { ...drain, batch } });
    return (cluster.requests.Produce ?? 0) - before;
  };
  expect(await requestsFor({})).toBe(1);
  expect(await requestsFor({ maxRecords: 2 })).toBe(3);
  expect(await requestsFor({ maxBytes: 1 })).toBe(6);
});

it('carries out a drain with the records of each key where they belong', async () => {
  const cluster = await startCluster({ topics: { [TOPIC]: 3 } });
  const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
  const keyed = keys.map((key) => recordOf({ topic: TOPIC, key }));
  const drain = drainOf({ topic: TOPIC, partition: undefined, records: recordsToWire(keyed) });
  expect(await new Served().ask({ kind: 'drain-on-exit', kafka: kafkaOf(cluster), drain })).toBe('done');
  const partitionOf = new Map(cluster.records(TOPIC).map(({ key, partition }) => [String(key), partition]));
  expect(keys.map((key) => partitionOf.get(key))).toEqual(keys.map((key) => partitionOfKey(key, 3)));
});

it('carries out a drain in spite of a failure, and tries again after the wait that it is told', async () => {
  const cluster = await startCluster();
  cluster.inject({ api: 'Produce', times: 3, action: { error: 7 } });
  const served = new Served();
  const drain = drainOf(batchOf(['a']));
  expect(await served.ask({ kind: 'drain-on-exit', kafka: kafkaOf(cluster), drain })).toBe('done');
  expect(cluster.values(TOPIC)).toEqual(['a']);
  expect(served.of('delivered')).toMatchObject([{ indexes: [0] }]);
});
