// The option `serialize`: values that the application makes, at once or later.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  KafkaTransport,
  type KafkaTransportError,
  type TransportEntry,
  type Undelivered,
} from '../../../lib/index.ts';
import {
  expectLaw,
  loggerWith,
  numbered,
  startCluster,
  TOPIC,
  tracked,
  transportTo,
} from '../../support/harness.ts';

/** Promises that a spec resolves, by the text of their record. */
class Held {
  readonly asked: string[] = [];
  readonly #waiting = new Map<
    string,
    { resolve(value: string | Buffer): void; reject(error: unknown): void }
  >();

  readonly serialize = ({ message }: TransportEntry): Promise<string | Buffer> => {
    this.asked.push(message);
    return new Promise((resolve, reject) => this.#waiting.set(message, { resolve, reject }));
  };

  resolve(message: string, value: string | Buffer = `<${message}>`): void {
    this.#waiting.get(message)?.resolve(value);
  }

  reject(message: string, error: unknown): void {
    this.#waiting.get(message)?.reject(error);
  }
}

const refused = (): Error => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

async function eventually(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

describe('serialize', () => {
  it('makes the value: a string or bytes at once; key, headers and record id stay', async () => {
    const cluster = await startCluster();
    const bytes = Buffer.from([0, 255, 1, 0]);
    const transport = transportTo(cluster, {
      serialize: ({ message, level }) => (message === 'bytes' ? bytes : `${level}:${message}`),
      key: ({ message }) => message,
      headers: ({ message }) => ({ is: message }),
      recordId: true,
    });
    const logger = loggerWith(transport);
    logger.info('bytes');
    logger.info('text');
    await transport.flush(Infinity);
    const [first, second] = cluster.records(TOPIC);
    expect(first?.value).toEqual(bytes);
    expect(String(second?.value)).toBe('info:text');
    expect(String(second?.key)).toBe('text');
    expect(String(second?.headers.is)).toBe('text');
    expect(String(second?.headers['record-id'])).not.toBe('undefined');
    expectLaw(transport);
  });

  it('has records wait in order for its promises, and counts them meanwhile', async () => {
    const cluster = await startCluster();
    const held = new Held();
    const transport = transportTo(cluster, { serialize: held.serialize });
    const logger = loggerWith(transport);
    for (const message of numbered(4)) logger.info(message);
    expect(held.asked).toEqual(numbered(4));
    expect(transport.stats()).toMatchObject({ accepted: 4, buffered: { records: 4 } });
    expectLaw(transport);
    for (const at of [3, 1, 2]) held.resolve(`record ${at}`);
    const early = await transport.flush(1);
    expect(early).toEqual({ delivered: 0, dropped: 0, pending: 4 });
    held.resolve('record 0');
    expect(await transport.flush(Infinity)).toEqual({ delivered: 4, dropped: 0, pending: 0 });
    expect(cluster.values(TOPIC)).toEqual(numbered(4).map((message) => `<${message}>`));
    expectLaw(transport);
  });

  it('has what it makes at once wait behind a promise', async () => {
    const cluster = await startCluster();
    const held = new Held();
    const transport = transportTo(cluster, {
      serialize: (entry) => (entry.message === 'late' ? held.serialize(entry) : entry.message),
    });
    const logger = loggerWith(transport);
    for (const message of ['early', 'late', 'behind']) logger.info(message);
    held.resolve('late', 'late');
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(['early', 'late', 'behind']);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
    ['gives a number', () => 1],
    ['promises a number', () => Promise.resolve(1)],
  ])('that %s drops the record as invalid, and the others go', async (_, fail) => {
    const cluster = await startCluster();
    const undelivered: Undelivered[] = [];
    const warnings: KafkaTransportError[] = [];
    const transport = transportTo(cluster, {
      serialize: (entry) => (entry.message === 'bad' ? (fail() as string) : entry.message),
      fallback: (record) => undelivered.push(record),
      dropNotice: false,
    });
    transport.on('warn', (warning) => warnings.push(warning));
    const logger = loggerWith(transport);
    for (const message of ['one', 'bad', 'two']) logger.info(message);
    expect(await transport.flush(Infinity)).toEqual({ delivered: 2, dropped: 1, pending: 0 });
    expect(cluster.values(TOPIC)).toEqual(['one', 'two']);
    expect(undelivered.map(({ reason, message }) => [reason, message])).toEqual([['invalid', 'bad']]);
    expect(warnings.map(({ code }) => code).sort()).toEqual(['ERR_CALLBACK_FAILED', 'ERR_RECORDS_DROPPED']);
    expect(transport.stats()).toMatchObject({ dropped: { invalid: 1 }, callbackFailures: { serialize: 1 } });
    expectLaw(transport);
  });

  it('is asked again where what it needs is away; records wait, and one warning says so', async () => {
    const cluster = await startCluster();
    const warnings: string[] = [];
    let isAway = true;
    let calls = 0;
    const transport = transportTo(cluster, {
      serialize: async ({ message }) => {
        calls++;
        if (isAway) throw refused();
        return message;
      },
    });
    transport.on('warn', ({ code }) => warnings.push(code));
    const logger = loggerWith(transport);
    for (const message of numbered(300)) logger.info(message);
    await eventually(() => transport.stats().state === 'down');
    for (const message of numbered(300, 'later')) logger.info(message);
    await eventually(() => calls > 310);
    expect(transport.healthy(0)).toBe(false);
    expect(transport.stats()).toMatchObject({
      accepted: 600,
      buffered: { records: 600 },
      lastError: { message: 'connect ECONNREFUSED' },
    });
    expectLaw(transport);
    isAway = false;
    expect(await transport.flush(Infinity)).toEqual({ delivered: 600, dropped: 0, pending: 0 });
    expect(cluster.values(TOPIC)).toEqual([...numbered(300), ...numbered(300, 'later')]);
    expect(warnings).toEqual(['ERR_SERIALIZE_UNAVAILABLE']);
    expect(transport.stats().state).toBe('up');
  });

  it('that takes longer than requestTimeoutMs is asked again', async () => {
    const cluster = await startCluster();
    let calls = 0;
    const transport = transportTo(cluster, {
      requestTimeoutMs: 100,
      serialize: ({ message }) => (++calls === 1 ? new Promise(() => undefined) : message),
    });
    loggerWith(transport).info('slow');
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(['slow']);
    expect(calls).toBe(2);
  });

  it.each(['drop-oldest', 'drop-newest', 'drop-lowest'] as const)(
    'obeys the buffer: %s',
    async (overflow) => {
      const cluster = await startCluster();
      const held = new Held();
      const dropped: string[] = [];
      const transport = transportTo(cluster, {
        serialize: held.serialize,
        buffer: { maxRecords: 3, overflow },
        fallback: ({ message }) => dropped.push(message),
        dropNotice: false,
      });
      const logger = loggerWith(transport);
      logger.debug('record 0');
      for (const message of numbered(5).slice(1)) logger.info(message);
      expect(transport.stats()).toMatchObject({
        accepted: 5,
        buffered: { records: 3 },
        dropped: { overflow: 2 },
      });
      const kept = overflow === 'drop-newest' ? [0, 1, 2] : [2, 3, 4];
      expect(dropped).toEqual(numbered(5).filter((_, at) => !kept.includes(at)));
      expectLaw(transport);
      for (const message of numbered(5)) held.resolve(message);
      await transport.flush(Infinity);
      expect(cluster.values(TOPIC)).toEqual(kept.map((at) => `<record ${at}>`));
    },
  );

  it('drops what has become larger than the buffer as oversize', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, {
      serialize: async ({ message }) => (message === 'large' ? 'x'.repeat(2_000) : message),
      buffer: { maxBytes: 1_000 },
      dropNotice: false,
    });
    const logger = loggerWith(transport);
    for (const message of ['one', 'large', 'two']) logger.info(message);
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(['one', 'two']);
    expect(transport.stats().dropped.oversize).toBe(1);
    expectLaw(transport);
  });

  it('leaves what waits for it to the fallback at the end, with its text, and nothing to the spool', async () => {
    const cluster = await startCluster();
    const directory = mkdtempSync(join(tmpdir(), 'serialize-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const undelivered: Undelivered[] = [];
    const held = new Held();
    const transport = transportTo(cluster, {
      serialize: held.serialize,
      closeTimeoutMs: 50,
      spool: { directory },
      fallback: (record) => undelivered.push(record),
    });
    const logger = loggerWith(transport);
    for (const message of numbered(2)) logger.info(message);
    held.resolve('record 1');
    await transport.close();
    expect(undelivered.map(({ reason, message }) => [reason, message])).toEqual([
      ['closed', 'record 0'],
      ['closed', 'record 1'],
    ]);
    expect(transport.stats()).toMatchObject({ spooled: 0, dropped: { closed: 2 }, buffered: { records: 0 } });
    expectLaw(transport);
    held.resolve('record 0');
    await transport.flush(1);
    expect(cluster.values(TOPIC)).toEqual([]);
  });

  it('keeps its values in the spool', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'serialize-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const cluster = await startCluster();
    const value = Buffer.from([0, 200, 10]);
    const options = { spool: { directory, mode: 'always' as const }, serialize: async () => value };
    const first = tracked(
      new KafkaTransport({
        ...options,
        topic: TOPIC,
        kafka: { brokers: ['localhost:1'] },
        clientLog: { level: 'nothing' },
        closeTimeoutMs: 200,
      }),
    );
    const logger = loggerWith(first);
    for (const message of numbered(3)) logger.info(message);
    await first.close();
    expect(first.stats()).toMatchObject({ accepted: 3, spooled: 3 });
    const second = transportTo(cluster, options);
    await second.flush(Infinity);
    expect(cluster.records(TOPIC).map((record) => record.value)).toEqual([value, value, value]);
  });

  it('spills to disk, and loses nothing, in an outage of Kafka', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'serialize-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const cluster = await startCluster();
    await cluster.down();
    const transport = transportTo(cluster, {
      spool: { directory },
      buffer: { maxRecords: 20 },
      serialize: async ({ message }) => Buffer.from(message),
    });
    const logger = loggerWith(transport);
    for (const message of numbered(100)) {
      logger.info(message);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(transport.stats()).toMatchObject({ accepted: 100, dropped: { overflow: 0 } });
    expect(transport.stats().spooled).toBeGreaterThan(50);
    expectLaw(transport);
    await cluster.up();
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(numbered(100));
  });

  it('expires while it waits', async () => {
    const cluster = await startCluster();
    const held = new Held();
    const transport = transportTo(cluster, {
      serialize: held.serialize,
      retry: { initialMs: 1, maxMs: 20, maxAgeMs: 30 },
      dropNotice: false,
    });
    loggerWith(transport).info('old');
    expect(await transport.flush(Infinity)).toEqual({ delivered: 0, dropped: 1, pending: 0 });
    expect(transport.stats().dropped.expired).toBe(1);
  });

  it('may log: what it logs, also after it has awaited something, is re-entrant', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, {
      serialize: (entry) =>
        new Promise((resolve) => {
          logger.info('at once');
          setImmediate(() => {
            logger.info('later');
            resolve(entry.message);
          });
        }),
    });
    const logger = loggerWith(transport);
    logger.info('one');
    await transport.flush(Infinity);
    logger.info('two');
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(['one', 'two']);
    expect(transport.stats().suppressed.reentrant).toBe(4);
  });

  it('works with a worker thread', async () => {
    const cluster = await startCluster();
    const value = Buffer.from([9, 0, 254]);
    const transport = transportTo(cluster, { worker: true, serialize: async () => value });
    loggerWith(transport).info('one');
    await transport.flush(10_000);
    expect(cluster.records(TOPIC).map((record) => record.value)).toEqual([value]);
  });

  it('that cannot make the drop notice is not asked for another one', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, {
      serialize: ({ message, info }) => {
        if (message === 'bad' || 'dropped' in info) throw new Error('no');
        return message;
      },
    });
    const logger = loggerWith(transport);
    for (const message of ['bad', 'good']) logger.info(message);
    await transport.flush(Infinity);
    await transport.close();
    expect(transport.stats().dropped.invalid).toBe(2);
    expect(cluster.values(TOPIC)).toEqual(['good']);
  });
});
