// What a sender has of Kafka clients that live in a worker thread.
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MessagePort, type Worker } from 'node:worker_threads';
import { CompressionTypes, type LogEntry, logLevel } from 'kafkajs';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Batch, Records } from '../../../lib/accumulator/batch.ts';
import type { DeliveryClient } from '../../../lib/clients/client.ts';
import type { PlatformaticClient } from '../../../lib/clients/platformatic/client-option.ts';
import { isGuarded } from '../../../lib/loop-safety/guard.ts';
import { clientBatch, deepQueue, recordOf } from '../../sender/rig.ts';
import { numbered, startCluster, TOPIC } from '../../support/harness.ts';
import { hangingModule, type StartedSource, sourceTo, turn, watchWorkers } from './rig.ts';

const NOWHERE = { brokers: ['127.0.0.1:1'] };

// Most cases share a thread, which takes longer to start than they do.
beforeAll(() => void sourceTo(NOWHERE).source.make());

let seq = 0;

const objectsOf = (texts: string[]): Records =>
  texts.map((text) => Object.assign(recordOf({ topic: TOPIC, text }), { seq: seq++ }));

function pagesOf(texts: string[]): Records {
  const queue = deepQueue();
  for (const text of texts) queue.push(recordOf({ topic: TOPIC, text }));
  const taken = queue.takePacked({ most: texts.length, maxBytes: 1_000_000 });
  if (taken === undefined) throw new Error('they are packed');
  return taken;
}

const batchOf = (content: Records, partition?: number): Batch => clientBatch(TOPIC, content, partition);

async function connected({ source }: StartedSource): Promise<DeliveryClient> {
  const client = source.make();
  await client.connect();
  return client;
}

const outcomeOf = (done: Promise<unknown>): Promise<string> => done.then(String, ({ message }) => message);

describe('a source', () => {
  it('says what the transport has to know before there is a thread', () => {
    const workers = watchWorkers();
    const three = { brokers: ['a:1', 'b:1', 'c:1'] };
    const client: PlatformaticClient = { name: '@platformatic/kafka', load: async () => undefined };
    expect(sourceTo(three).source).toMatchObject({
      keepsSendTogether: true,
      isOwned: true,
      resendsWhole: false,
      brokerCount: 3,
    });
    expect(sourceTo(three, { idempotent: true }).source.resendsWhole).toBe(true);
    // Which a module lists is not known here, and @platformatic/kafka tries all of them.
    expect(sourceTo(new URL('file:///kafka.mjs')).source.brokerCount).toBe(1);
    expect(sourceTo(three, { client }).source.brokerCount).toBe(1);
    expect(sourceTo({ brokers: () => [] }).source.brokerCount).toBe(1);
    expect(workers).toEqual([]);
  });

  it('has one thread for all of its clients, which ends with it; and another one where it is used again', async () => {
    const cluster = await startCluster();
    const workers = watchWorkers();
    const started = sourceTo({ brokers: cluster.addresses }, { isolate: true });
    await (await connected(started)).close();
    await connected(started);
    expect(workers).toHaveLength(1);
    const ended = once(workers[0] as Worker, 'exit');
    await started.source.dispose();
    await ended;
    await connected(started);
    expect(workers).toHaveLength(2);
  });

  it('shares its thread with others of the same settings, unless it is to be isolated', async () => {
    const workers = watchWorkers();
    for (const isolate of [false, false, true, true]) sourceTo(NOWHERE, { isolate }).source.make();
    await turn();
    expect(workers).toHaveLength(2);
    // They hold for all that is in a thread.
    const execArgv = ['--import', 'data:text/javascript,'];
    for (const _ of ['one', 'other']) sourceTo(NOWHERE, { execArgv }).source.make();
    await turn();
    expect(workers).toHaveLength(3);
  });

  it('has let its thread end once it is disposed of', async () => {
    const workers = watchWorkers();
    const { source } = sourceTo(NOWHERE, { isolate: true });
    source.make();
    await turn();
    await source.dispose();
    // That of a thread that has ended.
    expect(workers.map(({ threadId }) => threadId)).toEqual([-1]);
  });

  it('that is used again joins anew the thread that others have gone on with', async () => {
    const cluster = await startCluster();
    const kafka = { brokers: cluster.addresses };
    const execArgv = ['--import', 'data:text/javascript,"joined anew"'];
    const [one, other] = [sourceTo(kafka, { execArgv }), sourceTo(kafka, { execArgv })];
    await connected(other);
    await connected(one);
    const disposed = one.source.dispose();
    await connected(one);
    await disposed;
    await (await connected(one)).send(batchOf(objectsOf(['a'])));
    expect(cluster.values(TOPIC)).toEqual(['a']);
  });

  it('tells the thread which kafkajs is beside the module, or else beside this library', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-beside-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const beside = join(directory, 'node_modules/kafkajs');
    mkdirSync(beside, { recursive: true });
    const installed = createRequire(import.meta.url).resolve('kafkajs');
    writeFileSync(join(beside, 'index.js'), `module.exports = require(${JSON.stringify(installed)});`);
    const code = `import { workerData } from 'node:worker_threads'; throw new Error(workerData.winstonKafkajs.kafkajs);`;
    const file = join(directory, 'kafka.mjs');
    writeFileSync(file, code);
    expect(await outcomeOf(connected(sourceTo(pathToFileURL(file))))).toMatch(realpathSync(beside));
    const elsewhere = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
    expect(await outcomeOf(connected(sourceTo(elsewhere)))).toMatch(installed);
  });

  it('goes to another thread where its own has ended, and what was under way there fails', async () => {
    const cluster = await startCluster();
    cluster.inject({ api: 'Produce', action: { silent: 'after-store' } });
    const workers = watchWorkers();
    const started = sourceTo({ brokers: cluster.addresses }, { isolate: true });
    const client = await connected(started);
    const sending = outcomeOf(client.send(batchOf(objectsOf(['a']))));
    await cluster.until(() => cluster.count(TOPIC) === 1);
    await workers[0]?.terminate();
    expect(await sending).toBe('the worker thread of the Kafka client has ended: exit code 1');
    expect(await outcomeOf(client.send(batchOf(objectsOf(['b']))))).toMatch('has ended: exit code 1');
    await (await connected(started)).send(batchOf(objectsOf(['c'])));
    expect(workers).toHaveLength(2);
    expect(cluster.values(TOPIC)).toEqual(['a', 'c']);
  });

  it('goes to another thread where the one that it shares has ended', async () => {
    const cluster = await startCluster();
    const workers = watchWorkers();
    const kafka = { brokers: cluster.addresses };
    // No other spec shares with these.
    const execArgv = ['--trace-warnings'];
    for (const text of ['a', 'b']) {
      await (await connected(sourceTo(kafka, { execArgv }))).send(batchOf(objectsOf([text])));
      await workers.at(-1)?.terminate();
    }
    expect(workers).toHaveLength(2);
    expect(cluster.values(TOPIC)).toEqual(['a', 'b']);
  });

  it('hands over what the client has found out', async () => {
    const cluster = await startCluster({ topics: { [TOPIC]: 2 } });
    cluster.inject({ api: 'Produce', action: { throttle: 7 } });
    const started = sourceTo({ brokers: cluster.addresses });
    await (await connected(started)).send(batchOf(objectsOf(['a']), 1));
    expect(started.heard).toEqual({
      onPath: [['fast']],
      onThrottle: [[7]],
      onPartitions: [[TOPIC, 2, [1, 0]]],
    });
  });

  it('writes the lines of its own clients, and no others, under the flag', async () => {
    const cluster = await startCluster();
    const lines: string[][] = [[], []];
    const levels: unknown[] = [];
    const sources = ['one', 'other'].map((clientId, at) => {
      const logCreator = (level: logLevel) => {
        levels.push(level);
        return ({ log }: LogEntry) => void lines[at]?.push(`${log.clientId ?? clientId} ${isGuarded()}`);
      };
      const log = { logCreator, logKey: clientId, logLevel: logLevel.DEBUG };
      return sourceTo({ brokers: cluster.addresses, clientId }, log);
    });
    for (const started of sources) await (await connected(started)).close();
    expect(lines.map((own) => [...new Set(own)])).toEqual([['one true'], ['other true']]);
    expect(levels).toEqual([logLevel.DEBUG, logLevel.DEBUG]);
  });

  it('reads the configuration anew for each client', async () => {
    const cluster = await startCluster();
    let { brokers } = NOWHERE;
    const started = sourceTo({
      get brokers() {
        return brokers;
      },
    });
    expect(await outcomeOf(connected(started))).toMatch('ECONNREFUSED');
    brokers = cluster.addresses;
    await connected(started);
  });

  it('has the thread import the module that exports the configuration', async () => {
    const cluster = await startCluster();
    const code = `export default ${JSON.stringify({ brokers: cluster.addresses })}`;
    const started = sourceTo(new URL(`data:text/javascript,${encodeURIComponent(code)}`));
    await (await connected(started)).send(batchOf(objectsOf(['a'])));
    expect(cluster.values(TOPIC)).toEqual(['a']);
  });

  it('tells the thread all that holds for its clients', async () => {
    const posting = vi.spyOn(MessagePort.prototype, 'postMessage');
    onTestFinished(() => posting.mockRestore());
    const settings = {
      ...{ acks: 1 as const, idempotent: true, compression: CompressionTypes.GZIP, compressionLevel: 3 },
      ...{ requestTimeoutMs: 1_234, logLevel: logLevel.ERROR, fastPath: false },
    };
    sourceTo(NOWHERE, settings).source.make();
    const [{ settings: told } = {}] = posting.mock.calls.flat().filter((order) => order?.kind === 'open');
    const { log, ...own } = told;
    expect(own).toEqual({ ...settings, kafkaModule: undefined, platformatic: undefined });
    expect(log).toBeTypeOf('number');
  });

  it('tells the thread where the client is installed that ships in place of kafkajs', async () => {
    const outcomeWith = async (name: string): Promise<string> => {
      const client = { name, load: undefined } as never;
      return await outcomeOf(connected(sourceTo({ brokers: [`${name}:1`] }, { client })));
    };
    // Whatever is there is imported.
    expect(await outcomeWith('ms')).toMatch('has no Producer');
    expect(await outcomeWith('not-there')).toMatch('it is not installed in the application');
  });
});

describe('a client', () => {
  it.each([
    ['objects', objectsOf],
    ['pages', pagesOf],
  ])('sends records that are %s, and binds them to the partition that was chosen', async (_, contentOf) => {
    const cluster = await startCluster({ topics: { [TOPIC]: 1 } });
    const client = await connected(sourceTo({ brokers: cluster.addresses }));
    const batch = batchOf(contentOf(numbered(3)));
    expect(await client.send(batch)).toMatchObject([{ topicName: TOPIC, partition: 0, errorCode: 0 }]);
    expect(batch.partition).toBe(0);
    expect(cluster.values(TOPIC)).toEqual(numbered(3));
  });

  it('sends to the partition that a batch is bound to', async () => {
    const cluster = await startCluster({ topics: { [TOPIC]: 9 } });
    const client = await connected(sourceTo({ brokers: cluster.addresses }));
    await client.send(batchOf(objectsOf(['a']), 8));
    expect(cluster.records(TOPIC)).toMatchObject([{ partition: 8 }]);
  });

  it('hands the copies of pages over, so that they are not copied once more', async () => {
    const cluster = await startCluster();
    const client = await connected(sourceTo({ brokers: cluster.addresses }));
    const posting = vi.spyOn(MessagePort.prototype, 'postMessage');
    onTestFinished(() => posting.mockRestore());
    await client.send(batchOf(pagesOf(['a'])));
    const [, handedOver] = posting.mock.calls.find(([order]) => order.kind === 'send') ?? [];
    expect(handedOver).toEqual([expect.any(ArrayBuffer)]);
    expect((handedOver as unknown as [ArrayBuffer])[0].byteLength).toBe(0);
  });

  it('fails with the error of the client in the thread', async () => {
    const client = sourceTo(NOWHERE).source.make();
    expect(await outcomeOf(client.send(batchOf(objectsOf(['a']))))).toBe('this client is not connected');
    await expect(client.connect()).rejects.toMatchObject({
      name: 'KafkaJSNumberOfRetriesExceeded',
      cause: { name: 'KafkaJSConnectionError' },
    });
  });

  it('is one of several: what is asked of it is not done with the others', async () => {
    const cluster = await startCluster();
    const started = sourceTo({ brokers: cluster.addresses });
    const [one, other] = [await connected(started), await connected(started)];
    await one.close();
    one.kill();
    expect(await outcomeOf(one.send(batchOf(objectsOf(['a']))))).toBe('this client is not connected');
    await other.send(batchOf(objectsOf(['b'])));
    expect(cluster.values(TOPIC)).toEqual(['b']);
  });

  it('renews its connections where it is idempotent, and cannot otherwise', async () => {
    const cluster = await startCluster();
    expect(sourceTo(NOWHERE).source.make().renew).toBeUndefined();
    const client = await connected(sourceTo({ brokers: cluster.addresses }, { idempotent: true }));
    await client.send(batchOf(objectsOf(['a'])));
    expect(cluster.connections).toBeGreaterThan(0);
    expect(await client.renew?.()).toBeUndefined();
    const unknown = sourceTo(NOWHERE, { idempotent: true }).source.make();
    expect(await outcomeOf(unknown.renew?.() ?? Promise.resolve())).toBe('this client is not connected');
    await cluster.until(() => cluster.connections === 0);
    await client.send(batchOf(objectsOf(['b'])));
    expect(cluster.values(TOPIC)).toEqual(['a', 'b']);
  });

  it('that is closed has no connection', async () => {
    const cluster = await startCluster();
    const client = await connected(sourceTo({ brokers: cluster.addresses }));
    await client.close();
    await cluster.until(() => cluster.connections === 0);
  });

  it('that is given up is cut, and its thread is let alone', async () => {
    const cluster = await startCluster();
    const started = sourceTo({ brokers: cluster.addresses });
    const client = await connected(started);
    client.kill();
    await cluster.until(() => cluster.connections === 0);
    while (started.clock.armed > 0) await turn();
    await started.clock.pass(10_000);
    const workers = watchWorkers();
    await connected(started);
    expect(workers).toEqual([]);
  });

  it('that is given up has nothing more to wait for where its thread has ended', async () => {
    const { source, clock } = sourceTo(NOWHERE, { isolate: true });
    const client = source.make();
    await source.dispose();
    client.kill();
    expect(clock.armed).toBe(0);
    await expect(client.close()).rejects.toThrow('has ended: the transport was closed');
  });

  it('that is given up, and not cut for two seconds, is ended with its thread', async () => {
    const { url, hangs } = hangingModule();
    const started = sourceTo(url, { isolate: true });
    const client = started.source.make();
    const connecting = outcomeOf(client.connect());
    await hangs;
    client.kill();
    await started.clock.pass(1_999);
    expect(started.clock.armed).toBe(1);
    await started.clock.pass(1);
    expect(await connecting).toBe('the worker thread of the Kafka client has ended: it hung');
  });

  it('is not held to hang because the main thread was busy when it answered', async () => {
    const { url, hangs } = hangingModule();
    const { source, clock } = sourceTo(url, { isolate: true });
    const client = source.make();
    const connecting = outcomeOf(client.connect());
    await hangs;
    client.kill();
    clock.now += 10_000;
    await clock.pass(999);
    expect(clock.armed).toBe(1);
    await clock.pass(1);
    expect(await connecting).toBe('the worker thread of the Kafka client has ended: it hung');
  });
});

describe('at the end of the process', () => {
  it('it is heard of sends that are under way, though the event loop stands still', () => {
    const { source, clock } = sourceTo(NOWHERE);
    const batch = batchOf(objectsOf(['a']));
    void outcomeOf(source.make().send(batch));
    const outcomes: unknown[] = [];
    source.exitDrain.awaitSends(new Set([batch]), clock.now + 20_000, (sent, outcome) =>
      outcomes.push([sent === batch, outcome]),
    );
    expect(outcomes).toEqual([
      [true, { error: expect.objectContaining({ message: 'this client is not connected' }) }],
    ]);
  });

  it('it is not waited for a send that was answered before', async () => {
    const { source, clock } = sourceTo(NOWHERE);
    const batch = batchOf(objectsOf(['a']));
    await outcomeOf(source.make().send(batch));
    const onOutcome = vi.fn();
    source.exitDrain.awaitSends(new Set([batch]), clock.now + 20_000, onOutcome);
    expect(onOutcome).not.toHaveBeenCalled();
  });

  it('no thread is started to hear of sends that are not under way', async () => {
    const workers = watchWorkers();
    const { source, clock } = sourceTo(NOWHERE, { isolate: true });
    source.exitDrain.awaitSends(new Set([batchOf(objectsOf(['a']))]), clock.now + 20_000, () =>
      expect.unreachable(),
    );
    await turn();
    expect(workers).toEqual([]);
  });

  it('what is left goes to a thread that is started for it, and what comes of that is told', async () => {
    const workers = watchWorkers();
    const { source, clock } = sourceTo(NOWHERE, { isolate: true });
    const outages: string[] = [];
    const onOutage = (cause: unknown): void => {
      outages.push(String(cause));
      // The time is up.
      clock.now = 30_000;
    };
    const onDropped = (): void => undefined;
    const events = { onDelivered: onDropped, onDropped, onOutage };
    source.exitDrain.send([recordOf({ topic: TOPIC })], 20_000, events);
    await turn();
    expect(workers).toHaveLength(1);
    expect(outages).toEqual([expect.stringContaining('ECONNREFUSED')]);
  });
});
