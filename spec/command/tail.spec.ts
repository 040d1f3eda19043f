import { once } from 'node:events';
import * as zlib from 'node:zlib';
import { CompressionCodecs, CompressionTypes, Kafka } from 'kafkajs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import winston from 'winston';
import { KafkaTransport, type KafkaTransportOptions } from '../../lib/index.ts';
import { type BrokerCluster, ERROR } from '../../testing/broker/broker-cluster.ts';
import { kafkaOf } from '../../testing/broker/kafkajs-client.ts';
import { brokersOf, type Ran, Reader, type RunSettings, ran, startCluster } from './rig.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');
const MINUTE = 60_000;
// Of a record batch.
const ATTRIBUTES_AT = 21;

const zstdOfKafkajs = CompressionCodecs[CompressionTypes.ZSTD];
const COMPRESSIONS: NonNullable<KafkaTransportOptions['compression']>[] = [
  'gzip',
  // Node has it since 22.15.
  ...('zstdCompress' in zlib ? (['zstd'] as const) : []),
];

const record = (level: string, message: string, more: object = {}): string =>
  JSON.stringify({ level, message, ...more });

async function wrote(
  cluster: BrokerCluster,
  values: readonly string[],
  timeOf: (at: number) => number,
): Promise<void> {
  const producer = kafkaOf(cluster).producer();
  await producer.connect();
  for (const [at, value] of values.entries()) {
    const messages = [{ value, partition: at % 2, timestamp: String(timeOf(at)) }];
    await producer.send({ topic: 'logs', messages });
  }
  await producer.disconnect();
}

/** Records of noon and of each minute after it. */
async function filled(values: readonly string[]): Promise<BrokerCluster> {
  const cluster = await startCluster();
  await wrote(cluster, values, (at) => NOON + at * MINUTE);
  return cluster;
}

function tailed(cluster: BrokerCluster, more: readonly string[], settings?: RunSettings): Promise<Ran> {
  return ran(['tail', '--brokers', brokersOf(cluster), '--topic', 'logs', ...more], settings);
}

/** The lines without their times, in the order of these. */
const texts = ({ out }: Ran): string[] =>
  out
    .split('\n')
    .slice(0, -1)
    .sort()
    .map((line) => line.slice('2026-01-01T12:00:00.000Z '.length));

const SINCE = ['--since', '2026-01-01T12:00:00Z'];

describe('tail --since', () => {
  it('prints what is there, level, message and other fields, and ends', async () => {
    const cluster = await filled([record('info', 'one'), record('warn', 'two', { user: 7 }), 'plain text']);
    const result = await tailed(cluster, SINCE);
    expect(result.code).toBe(0);
    expect(texts(result)).toEqual(['info    one', 'warn    two {"user":7}', '-       plain text']);
    expect(result.out).toContain('2026-01-01T12:01:00.000Z warn');
  });

  it('shows the records of several partitions by time, also where it reads one far ahead', async () => {
    const cluster = await startCluster();
    // Of both more than one fetch brings (1 MiB), and more than may wait for the other one.
    const producer = kafkaOf(cluster).producer();
    await producer.connect();
    const count = 4_000;
    const timed = (partition: number, step: number, from = 0) =>
      Array.from({ length: count }, (_, at) => ({
        value: `${partition} ${at} ${'x'.repeat(300)}`,
        partition,
        timestamp: String(NOON + from + at * step),
      }));
    for (const messages of [timed(0, 10, 5), timed(1, 100)])
      for (let at = 0; at < count; at += 1_000)
        await producer.send({ topic: 'logs', messages: messages.slice(at, at + 1_000) });
    await producer.disconnect();
    let isPaused = false;
    cluster.on('request', ({ api, targets }) => {
      if (api === 'Fetch' && targets.every(({ partition }) => partition !== 1)) isPaused = true;
    });
    const result = await tailed(cluster, SINCE);
    const times = result.out
      .split('\n')
      .slice(0, -1)
      .map((line) => line.slice(0, 24));
    expect([result.code, times.length]).toEqual([0, 2 * count]);
    expect(times).toEqual(times.toSorted());
    expect(isPaused).toBe(true);
  });

  it('shows nothing that came after it had begun', async () => {
    const cluster = await filled([record('info', 'before')]);
    let write: Promise<void> | undefined;
    const written = once(cluster, 'request').then(() => write);
    cluster.inject({ api: 'JoinGroup', action: { hold: written } });
    cluster.on('request', ({ api }) => {
      if (api === 'JoinGroup') write ??= wrote(cluster, [record('info', 'after')], () => NOON);
    });
    expect(texts(await tailed(cluster, SINCE))).toEqual(['info    before']);
    expect(cluster.count('logs')).toBe(2);
  });

  it('ends at once where there is nothing', async () => {
    expect(await tailed(await startCluster(), SINCE)).toEqual({ code: 0, out: '', err: '' });
  });

  it('asks another broker where the first one is away', async () => {
    const cluster = await filled([record('info', 'one')]);
    const args = ['tail', '--topic', 'logs', ...SINCE, '--brokers', `127.0.0.1:1,${brokersOf(cluster)}`];
    expect(texts(await ran(args))).toEqual(['info    one']);
  });

  it('fails where it may not read, or not log in again', async () => {
    const cluster = await filled([record('info', 'one')]);
    const forbidden = { error: ERROR.TOPIC_AUTHORIZATION_FAILED };
    cluster.inject({ api: 'Fetch', times: Number.POSITIVE_INFINITY, action: forbidden });
    const { code, err } = await tailed(cluster, SINCE);
    expect([code, err]).toEqual([1, expect.stringMatching(/authoriz/i)]);
    let logIns = 0;
    const secured = await startCluster({ sasl: () => logIns++ === 0 });
    const env = { KAFKA_SASL_USERNAME: 'shop', KAFKA_SASL_PASSWORD: 'secret' };
    const refused = await tailed(secured, [], { env });
    expect([refused.code, refused.err]).toEqual([1, expect.stringMatching(/authentication failed/i)]);
  });

  it('commits no offsets, and reads in a group of its own', async () => {
    const cluster = await filled([record('info', 'one'), record('info', 'two')]);
    const once = await tailed(cluster, SINCE);
    const twice = await tailed(cluster, SINCE);
    expect([texts(once).length, texts(twice)]).toEqual([2, texts(once)]);
    expect(cluster.requests.OffsetCommit).toBe(0);
  });

  it('leaves out what is older, and with --until what is younger', async () => {
    const values = [0, 1, 2, 3, 4, 5].map((at) => record('info', `at ${at}`));
    const cluster = await filled(values);
    const range = ['--since', '2026-01-01T12:02:00Z', '--until', '2026-01-01T12:04:00Z'];
    expect(texts(await tailed(cluster, range))).toEqual(['info    at 2', 'info    at 3', 'info    at 4']);
  });

  it('leaves out less severe levels, in capitals too, and keeps what has no known level', async () => {
    const values = [
      ...[record('error', 'a'), record('warn', 'b'), record('info', 'c'), record('INFO', 'C')],
      ...[record('odd', 'd'), 'e'],
    ];
    const cluster = await filled(values);
    expect(texts(await tailed(cluster, [...SINCE, '--level', 'warn']))).toEqual([
      'error   a',
      'warn    b',
      'odd     d',
      '-       e',
    ]);
  });

  it('hung where a partition ends in a control record, or has nothing else', async () => {
    const cluster = await startCluster({ topics: { logs: 3 } });
    const producer = kafkaOf(cluster).producer();
    await producer.connect();
    for (const [partition, value] of [
      [0, 'one'],
      [1, 'marker'],
      [2, 'two'],
      [2, 'marker'],
    ] as const)
      await producer.send({ topic: 'logs', messages: [{ partition, value, timestamp: String(NOON) }] });
    await producer.disconnect();
    // Transactional, and control: as the marker that ends a transaction.
    for (const { bytes } of cluster.batches('logs'))
      if (bytes.includes('marker')) bytes.writeInt16BE(0x30, ATTRIBUTES_AT);
    expect(texts(await tailed(cluster, SINCE))).toEqual(['-       one', '-       two']);
  });

  it('showed nothing between two times of the past with --follow', async () => {
    const values = [0, 1, 2].map((at) => record('info', `at ${at}`));
    const cluster = await filled(values);
    const range = [...SINCE, '--until', '2026-01-01T12:01:00Z', '--follow'];
    expect(texts(await tailed(cluster, range))).toEqual(['info    at 0', 'info    at 1']);
  });

  it.each(COMPRESSIONS)('reads what a transport has compressed by %s', async (compression) => {
    const cluster = await startCluster();
    const transport = new KafkaTransport({
      topic: 'logs',
      kafka: { brokers: cluster.addresses },
      compression,
      signals: false,
    });
    winston.createLogger({ transports: [transport] }).info('compressed');
    await transport.close();
    // As in a process without a transport: what that has registered is gone.
    CompressionCodecs[CompressionTypes.ZSTD] = zstdOfKafkajs;
    expect(texts(await tailed(cluster, ['--since', '1h']))).toEqual(['info    compressed']);
  });

  it('takes a time before 1970 for the beginning: a broker takes a negative one for something else', async () => {
    const cluster = await filled([record('info', 'one')]);
    for (const time of ['99999d', '1969-07-20'])
      expect(texts(await tailed(cluster, ['--since', time]))).toEqual(['info    one']);
  });

  it('leaves out what --grep does not match', async () => {
    const cluster = await filled([record('info', 'order 12 paid'), record('info', 'order paid')]);
    expect(texts(await tailed(cluster, [...SINCE, '--grep', 'order \\d+']))).toEqual([
      'info    order 12 paid',
    ]);
  });

  it('shows control characters as escapes: a record does not steer the terminal', async () => {
    const cluster = await filled(['a\u001b[2Jb\rc\nd\u202ee']);
    expect(texts(await tailed(cluster, SINCE))).toEqual(['-       a\\u001b[2Jb\\rc\\nd\\u202ee']);
  });

  it('colours by level on a terminal, and not in a pipe or with NO_COLOR', async () => {
    const cluster = await filled([record('error', 'bad')]);
    const red = '\u001b[31merror  \u001b[39m';
    expect((await tailed(cluster, SINCE, { isTTY: true })).out).toContain(red);
    expect((await tailed(cluster, SINCE, { isTTY: false })).out).not.toContain('\u001b');
    expect((await tailed(cluster, SINCE, { isTTY: true, env: { NO_COLOR: '1' } })).out).not.toContain(
      '\u001b',
    );
  });
});

describe('tail without --since', () => {
  it('prints records as they arrive, each once, and ends on Ctrl-C', async () => {
    const cluster = await filled([record('info', 'before')]);
    const controller = new AbortController();
    const wanted = Array.from({ length: 20 }, (_, at) => record('info', `new ${at}`));
    const running = tailed(cluster, [], {
      signal: controller.signal,
      onOut: (out) => {
        if (out.split('\n').length > wanted.length) controller.abort();
      },
    });
    // A fetch begins at the offsets that were asked for: what is written from now on is new.
    await cluster.until(() => cluster.requests.Fetch > 0, 20_000);
    await wrote(cluster, wanted, () => Date.now());
    const result = await running;
    expect(result.code).toBe(0);
    expect(texts(result).sort()).toEqual(wanted.map((_, at) => `info    new ${at}`).sort());
  });
});

it('read on where nobody read what it printed (`| less`): all of a topic waited in memory', async () => {
  const cluster = await startCluster();
  const producer = kafkaOf(cluster).producer();
  await producer.connect();
  // More than one fetch brings (1 MiB).
  const count = 3_000;
  const value = 'x'.repeat(1_000);
  const messages = Array.from({ length: count / 3 }, () => ({
    value,
    partition: 0,
    timestamp: String(NOON),
  }));
  for (let sent = 0; sent < count; sent += messages.length) await producer.send({ topic: 'logs', messages });
  await producer.disconnect();
  const reader = new Reader();
  const controller = new AbortController();
  let lines = 0;
  let linesBehind: number | undefined;
  cluster.on('request', ({ api, targets }) => {
    if (api !== 'Fetch' || !reader.isBehind || targets.some(({ partition }) => partition === 0)) return;
    linesBehind = lines;
    reader.goOn();
  });
  const { code } = await tailed(cluster, [...SINCE, '--follow'], {
    reader,
    signal: controller.signal,
    onOut: () => {
      lines++;
      if (lines === 1) reader.isBehind = true;
      if (lines === count) controller.abort();
    },
  });
  expect([code, lines]).toEqual([0, count]);
  expect(linesBehind).toBeLessThan(count);
});

it('ended in an uncaught exception where what it had printed was read only after the end', async () => {
  const cluster = await filled([record('info', 'one')]);
  const reader = new Reader();
  const controller = new AbortController();
  // Its consumer has stopped by then, and refuses to go on.
  const rejections: unknown[] = [];
  const onRejection = (error: unknown): number => rejections.push(error);
  process.on('unhandledRejection', onRejection);
  onTestFinished(() => void process.off('unhandledRejection', onRejection));
  reader.once('awaited', () => controller.abort());
  const { code, err } = await tailed(cluster, [...SINCE, '--follow'], {
    reader,
    signal: controller.signal,
    onOut: () => {
      reader.isBehind = true;
    },
  });
  reader.goOn();
  await new Promise(setImmediate);
  expect({ code, err, rejections }).toEqual({ code: 0, err: '', rejections: [] });
});

it('hung where it was ended while it connected', async () => {
  const cluster = await startCluster();
  const controller = new AbortController();
  cluster.on('request', ({ api }) => {
    if (api === 'ApiVersions') controller.abort();
  });
  expect(await tailed(cluster, [], { signal: controller.signal })).toEqual({ code: 0, out: '', err: '' });
});

it('stayed in its group, and had kafkajs start again, when it was ended while it joined', async () => {
  const cluster = await startCluster();
  const controller = new AbortController();
  cluster.inject({ api: 'JoinGroup', action: { hold: once(controller.signal, 'abort') } });
  const consumers = vi.spyOn(Kafka.prototype, 'consumer');
  onTestFinished(() => consumers.mockRestore());
  const restarts = (): Promise<boolean> | undefined =>
    consumers.mock.calls[0]?.[0]?.retry?.restartOnFailure?.(new Error('of the connection'));
  let before: Promise<boolean> | undefined;
  cluster.on('request', ({ api }) => {
    if (api !== 'JoinGroup') return;
    before = restarts();
    controller.abort();
  });
  expect(await tailed(cluster, [], { signal: controller.signal })).toMatchObject({ code: 0, err: '' });
  expect([cluster.requests.JoinGroup, cluster.requests.LeaveGroup]).toEqual([1, 1]);
  expect([await before, await restarts()]).toEqual([true, false]);
});

it('waited for the answer of a broker that never lets it join, when it was ended', async () => {
  const cluster = await startCluster();
  const controller = new AbortController();
  cluster.inject({ api: 'JoinGroup', action: { silent: 'before-store' } });
  cluster.on('request', ({ api }) => {
    if (api === 'JoinGroup') controller.abort();
  });
  expect(await tailed(cluster, [], { signal: controller.signal })).toMatchObject({ code: 0, err: '' });
});

it('says what is wrong with a topic that is not there', async () => {
  const cluster = await startCluster({ topics: {} });
  const { code, err } = await tailed(cluster, SINCE);
  expect(code).toBe(1);
  expect(err).toContain('there is no topic logs. Create it, or check its name.');
});

it('says what to run where it cannot connect', async () => {
  const { code, err } = await ran(['tail', '--brokers', '127.0.0.1:1', '--topic', 'logs']);
  expect(code).toBe(1);
  expect(err).toMatch(/ECONNREFUSED 127\.0\.0\.1:1\. "winston-kafkajs check" tries each step/);
});
