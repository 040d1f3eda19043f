// The clients of one transport in its thread: what comes of an order, and what goes back. How orders get here is in serve.spec.ts.
import { CompressionCodecs, CompressionTypes, type KafkaConfig, logLevel } from 'kafkajs';
import { describe, expect, it, onTestFinished } from 'vitest';
import type {
  ClientTask,
  Report,
  WorkerSettings,
} from '../../lib/clients/worker/messages/thread-messages.ts';
import { recordsToWire } from '../../lib/clients/worker/messages/wire-records.ts';
import { ServedTransport } from '../../lib/worker-thread/served-transport.ts';
import { WORKER_SETTINGS } from '../clients/client-settings.ts';
import { recordOf } from '../sender/rig.ts';
import { startCluster, TOPIC } from '../support/harness.ts';

const SETTINGS: WorkerSettings = { ...WORKER_SETTINGS, log: 7 };

function served(settings: Partial<WorkerSettings> = {}, imports: string[] = []) {
  const reports: Report[] = [];
  const transport = new ServedTransport(3, { ...SETTINGS, ...settings }, imports, (what) => {
    // As a port does.
    reports.push(structuredClone(what));
  });
  onTestFinished(() => transport.killAll());
  let calls = 10;
  const ask = (task: ClientTask): Promise<unknown> => transport.carryOut({ call: ++calls, ...task });
  const failureOf = (task: ClientTask): Promise<string> => ask(task).then(String, ({ message }) => message);
  const of = (kind: Report['kind']): Report[] => reports.filter((report) => report.kind === kind);
  return { transport, ask, failureOf, of };
}

const connect = (kafka: KafkaConfig, client = 1): ClientTask => ({ kind: 'connect', client, kafka });
const send = (client = 1): ClientTask => ({
  kind: 'send',
  client,
  batch: { topic: TOPIC, partition: undefined, records: recordsToWire([recordOf()]) },
});
const moduleOf = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;

it('what its clients find out goes back under its number, and the partition of a send under that of the order', async () => {
  const cluster = await startCluster({ topics: { [TOPIC]: 1 } });
  cluster.inject({ api: 'Produce', action: { throttle: 5 } });
  const { ask, of } = served();
  await ask(connect({ brokers: cluster.addresses }));
  expect(await ask(send())).toMatchObject([{ topicName: TOPIC, partition: 0 }]);
  expect(of('path')).toEqual([{ transport: 3, kind: 'path', path: 'fast' }]);
  expect(of('throttle')).toEqual([{ transport: 3, kind: 'throttle', ms: 5 }]);
  expect(of('partitions')).toEqual([
    { transport: 3, kind: 'partitions', topic: TOPIC, count: 1, writable: [0] },
  ]);
  expect(of('bound')).toEqual([{ kind: 'bound', call: 12, partition: 0 }]);
});

it('a line goes back with what can leave the thread: of an error its text, and of nothing else that is no plain value', async () => {
  const cluster = await startCluster({ sasl: () => true });
  const { ask, of } = served({ logLevel: logLevel.INFO });
  const more = {
    ...{ error: new Error('the text'), text: 'a', count: 1, is: true, none: undefined, big: 1n },
    ...{ object: {}, list: [1], empty: null, fn: () => 1, symbol: Symbol('s') },
  };
  const sasl: KafkaConfig['sasl'] = {
    mechanism: 'plain',
    authenticationProvider: ({ logger, saslAuthenticate }) => ({
      authenticate: async () => {
        logger.info({ toString: () => 'an object' } as never, more);
        await saslAuthenticate({ request: { encode: () => Buffer.from('\0\0\0\x04\0a\0b', 'latin1') } });
      },
    }),
  };
  await ask(connect({ brokers: cluster.addresses, sasl }));
  const [line] = of('line');
  expect(line).toMatchObject({ log: 7, entry: { namespace: expect.any(String), level: 4, label: 'INFO' } });
  const { timestamp, message, error, text, count, is, none, big, ...others } = (
    line as Extract<Report, { kind: 'line' }>
  ).entry.log;
  expect([timestamp, message, error]).toEqual([expect.any(String), 'an object', 'the text']);
  expect([text, count, is, none, big]).toEqual(['a', 1, true, undefined, 1n]);
  for (const name of ['object', 'list', 'empty', 'fn', 'symbol']) expect(others).not.toHaveProperty(name);
});

describe('a client', () => {
  it('is connected before anything else can be asked of it, but that it ends', async () => {
    const { ask, failureOf } = served();
    expect(await failureOf(send())).toBe('this client is not connected');
    expect(await failureOf({ kind: 'renew', client: 1 })).toBe('this client is not connected');
    expect(await ask({ kind: 'close', client: 1 })).toBeUndefined();
    expect(await ask({ kind: 'kill', client: 1 })).toBeUndefined();
  });

  it('that is given up is no more, and none before it is made', async () => {
    const cluster = await startCluster();
    const kafka = { brokers: cluster.addresses };
    const { ask, failureOf } = served();
    await ask(connect(kafka, 1));
    await ask(connect(kafka, 2));
    await ask({ kind: 'kill', client: 2 });
    expect(await failureOf(send(2))).toBe('this client is not connected');
    await ask(send(1));
    expect(await failureOf(connect(kafka, 2))).toBe('given up by winston-kafkajs');
    await ask(connect(kafka, 3));
    await ask(send(3));
    expect(cluster.count(TOPIC)).toBe(2);
  });

  it('that is given up was made all the same, where one of before was given up after it', async () => {
    const cluster = await startCluster();
    const { ask, failureOf } = served();
    for (const client of [2, 1]) await ask({ kind: 'kill', client });
    expect(await failureOf(connect({ brokers: cluster.addresses }, 2))).toBe('given up by winston-kafkajs');
    expect(cluster.connectionsEver).toBe(0);
  });

  it.each(['close', 'kill'] as const)('has no connection after a %s', async (kind) => {
    const cluster = await startCluster();
    const { ask } = served();
    await ask(connect({ brokers: cluster.addresses }));
    await ask({ kind, client: 1 });
    await cluster.until(() => cluster.connections === 0);
  });

  it('that is given up while it connects is cut', async () => {
    const cluster = await startCluster();
    cluster.inject({ api: 'ApiVersions', action: { silent: 'before-store' } });
    const { ask, failureOf } = served();
    const connecting = failureOf(connect({ brokers: cluster.addresses }));
    await cluster.until(() => cluster.connections === 1);
    await ask({ kind: 'kill', client: 1 });
    await cluster.until(() => cluster.connections === 0);
    expect(await connecting).toMatch('given up by winston-kafkajs');
  });

  it('answers a close when what was under way has ended', async () => {
    const cluster = await startCluster();
    let release = (): void => undefined;
    const hold = new Promise<void>((resolve) => {
      release = resolve;
    });
    cluster.inject({ api: 'Produce', action: { hold } });
    const { ask } = served();
    await ask(connect({ brokers: cluster.addresses }));
    const sending = ask(send());
    await cluster.until(() => cluster.requests.Produce === 1);
    let isClosed = false;
    const closing = ask({ kind: 'close', client: 1 }).then(() => {
      isClosed = true;
    });
    // An answer that did not wait would be here by now.
    await new Promise(setImmediate);
    expect(isClosed).toBe(false);
    release();
    await Promise.all([sending, closing]);
  });

  it('answers a renewal when what was under way has failed', async () => {
    const cluster = await startCluster();
    cluster.inject({ api: 'Produce', action: { silent: 'before-store' } });
    const { ask, failureOf } = served({ idempotent: true });
    await ask(connect({ brokers: cluster.addresses }));
    const ended: string[] = [];
    const sending = failureOf(send()).then(() => ended.push('send'));
    await cluster.until(() => cluster.requests.Produce === 1);
    await Promise.all([sending, ask({ kind: 'renew', client: 1 }).then(() => ended.push('renew'))]);
    expect(ended).toEqual(['send', 'renew']);
  });

  it('comes from one source with the others: each begins with the next broker', async () => {
    const cluster = await startCluster({ brokers: 2 });
    const reached: number[] = [];
    cluster.on('connection', ({ broker }) => reached.push(broker));
    const { ask } = served({ idempotent: true });
    const begins: unknown[] = [];
    for (const client of [1, 2, 3, 4, 5, 6]) {
      reached.length = 0;
      await ask(connect({ brokers: cluster.addresses }, client));
      begins.push(reached[0]);
    }
    expect([begins, begins.toReversed()]).toContainEqual([0, 1, 0, 1, 0, 1]);
  });

  it('is shared by transports of the thread whose lines go to the same place', async () => {
    const cluster = await startCluster();
    for (const log of [7, 7, 8]) await served({ log }).ask(connect({ brokers: cluster.addresses }));
    expect(cluster.connectionsEver).toBe(2);
  });

  it('is cut with all others when the transport leaves', async () => {
    const cluster = await startCluster();
    const { transport, ask, failureOf } = served({ idempotent: true });
    for (const client of [1, 2]) await ask(connect({ brokers: cluster.addresses }, client));
    transport.killAll();
    await cluster.until(() => cluster.connections === 0);
    expect(await failureOf(send(1))).toBe('this client is not connected');
  });
});

describe('the configuration', () => {
  it('comes from a module where none is given, and what is imported is imported before', async () => {
    const first = moduleOf('globalThis.wasImported = true');
    onTestFinished(() => void Reflect.deleteProperty(globalThis, 'wasImported'));
    const kafkaModule = moduleOf("throw new Error('imported: ' + globalThis.wasImported)");
    const { failureOf } = served({ kafkaModule }, [first]);
    expect(await failureOf({ kind: 'connect', client: 1, kafka: undefined })).toMatch('imported: true');
  });

  it('needs a codec where it is kafkajs that ships', async () => {
    const kafka = { brokers: ['127.0.0.1:1'] };
    const compression = CompressionTypes.Snappy;
    expect(await served({ compression }).failureOf(connect(kafka))).toMatch('has no codec for "compression"');
    const platformatic = { url: undefined };
    expect(await served({ compression, platformatic }).failureOf(connect(kafka))).toMatch(
      'it is not installed in the application',
    );
  });

  it('may register the codec, because its module is imported before', async () => {
    const cluster = await startCluster();
    const { Snappy } = CompressionTypes;
    onTestFinished(() => void Reflect.deleteProperty(CompressionCodecs, Snappy));
    const kafkaModule = moduleOf(`
      import { createRequire } from 'node:module';
      const { CompressionCodecs } = createRequire(${JSON.stringify(import.meta.url)})('kafkajs');
      CompressionCodecs[${Snappy}] = () => ({});
      export default ${JSON.stringify({ brokers: cluster.addresses })};
    `);
    const { ask } = served({ compression: Snappy, kafkaModule });
    expect(await ask({ kind: 'connect', client: 1, kafka: undefined })).toBeUndefined();
  });

  it('has another client ship where the main thread has found one', async () => {
    const kafka = { brokers: ['127.0.0.1:2'] };
    const { failureOf, of } = served({
      platformatic: { url: moduleOf("throw new Error('it was imported')") },
    });
    expect(await failureOf(connect(kafka))).toMatch('it was imported');
    expect(of('path')).toEqual([{ transport: 3, kind: 'path', path: 'client' }]);
  });
});

it('an exit drain cuts what is under way, and sends what it is given: also what it learns of is its own', async () => {
  const cluster = await startCluster();
  const kafka = { brokers: cluster.addresses };
  const { ask, failureOf, of } = served();
  await ask(connect(kafka));
  cluster.inject({ api: 'Produce', action: { silent: 'before-store' } });
  const sending = failureOf(send());
  await cluster.until(() => cluster.requests.Produce === 1);
  const learnt = of('partitions').length;
  const records = recordsToWire([Object.assign(recordOf({ text: 'left' }), { seq: 1 })]);
  await ask({
    kind: 'drain-on-exit',
    kafka,
    drain: {
      batches: [{ topic: TOPIC, partition: undefined, records }],
      batch: { maxRecords: 10, maxBytes: 10_000, lingerMs: 1 },
      retry: { initialMs: 1, maxMs: 5 },
      timeoutMs: 20_000,
    },
  });
  expect(await sending).toMatch('given up by winston-kafkajs');
  expect(cluster.values(TOPIC)).toEqual(['left']);
  expect(of('delivered')).toEqual([{ transport: 3, kind: 'delivered', indexes: [0] }]);
  expect(of('partitions')).toHaveLength(learnt);
});

it('an exit drain gives up after requestTimeoutMs what never ends, and tries again', async () => {
  const cluster = await startCluster();
  let asked = 0;
  const brokers = (): Promise<string[]> =>
    ++asked === 1 ? new Promise(() => undefined) : Promise.resolve(cluster.addresses);
  const { ask } = served({ requestTimeoutMs: 300 });
  await ask({
    kind: 'drain-on-exit',
    kafka: { brokers },
    drain: {
      batches: [{ topic: TOPIC, partition: undefined, records: recordsToWire([recordOf({ text: 'left' })]) }],
      batch: { maxRecords: 10, maxBytes: 10_000, lingerMs: 1 },
      retry: { initialMs: 1, maxMs: 5 },
      timeoutMs: 20_000,
    },
  });
  expect(cluster.values(TOPIC)).toEqual(['left']);
});
