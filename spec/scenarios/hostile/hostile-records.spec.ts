import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import winston from 'winston';
import type { KafkaTransport } from '../../../lib/index.ts';
import { seededRandom } from '../../../lib/sampling/seeded-random.ts';
import { Collecting, droppedIn, expectLaw, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { infoOf } from '../../winston/fixtures/infos.ts';
import { hostileInfo, hostileValue, type Info, pick, VALUES } from './hostile-values.ts';

const rejections: unknown[] = [];
const onRejection = (reason: unknown): unknown => rejections.push(reason);

beforeEach(() => {
  rejections.length = 0;
  process.on('unhandledRejection', onRejection);
  // winston tells of each unknown level there.
  vi.spyOn(console, 'error').mockReturnValue(undefined);
});

afterEach(async () => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  process.off('unhandledRejection', onRejection);
  vi.restoreAllMocks();
  expect(rejections).toEqual([]);
});

function watched(transport: KafkaTransport): { errors: unknown[]; warnings: string[] } {
  const seen = { errors: [] as unknown[], warnings: [] as string[] };
  transport.on('error', (error) => seen.errors.push(error));
  transport.on('warn', (warning: Error) => seen.warnings.push(warning.message));
  return seen;
}

/** The records that the specs put between the hostile ones, in the order in which they arrived. */
function neighbours(values: readonly string[]): string[] {
  return values.filter((value) => value.startsWith('neighbour '));
}

const neighbour = (at: number): string => `neighbour ${at}`;

type Way = (transport: KafkaTransport, info: unknown) => unknown;

const WAYS: Record<string, Way> = {
  'log()': (transport, info) => transport.log(info as Info),
  'log() with a callback': (transport, info) => transport.log(info as Info, () => undefined),
  'write()': (transport, info) => transport.write(info),
};

describe('a hostile value', () => {
  it.each(Object.keys(VALUES))('that is %s is not thrown at the caller, and is counted', async (name) => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { dropNotice: false });
    const { errors } = watched(transport);
    const ways = Object.values(WAYS);
    for (const [at, way] of ways.entries()) {
      expect(() => way(transport, VALUES[name]?.())).not.toThrow();
      way(transport, infoOf(neighbour(at)));
    }
    await transport.flush(Infinity);
    expect(neighbours(cluster.values(TOPIC))).toEqual(ways.map((_, at) => neighbour(at)));
    expect(transport.stats().accepted).toBe(2 * ways.length);
    expect(errors).toEqual([]);
    expectLaw(transport);
  });

  it.each(['a symbol', 'a function', 'a toJSON that throws', 'a proxy whose traps throw'])(
    'without any text (%s) is dropped as invalid, and not sent as "undefined"',
    async (name) => {
      const cluster = await startCluster();
      const transport = transportTo(cluster);
      transport.log(VALUES[name]?.() as Info);
      await transport.flush(Infinity);
      expect(transport.stats().dropped.invalid).toBe(1);
      expect(cluster.values(TOPIC).filter((value) => value === 'undefined')).toEqual([]);
    },
  );
});

describe('a level that Object.prototype has by its name', () => {
  it.each(['constructor', '__proto__', 'no-such-level'])(
    'is the least severe of all: %s gives way first',
    async (level) => {
      const cluster = await startCluster();
      const transport = transportTo(cluster, {
        buffer: { maxRecords: 2, overflow: 'drop-lowest' },
        batch: { lingerMs: 60_000 },
        dropNotice: false,
      });
      transport.levels = winston.config.npm.levels;
      for (const name of ['silly', level, 'error']) transport.log(infoOf(name, name));
      await transport.flush(Infinity);
      expect(cluster.values(TOPIC)).toEqual(['silly', 'error']);
    },
  );
});

describe('a proxy that throws for what it does not know', () => {
  it('is no more thrown at the application with the transport than without', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { dropNotice: false });
    const format = { transform: (info: Info) => info };
    const logger = winston.createLogger({ format: format as never, transports: [transport] });
    const strict = new Proxy(infoOf('strict'), {
      get(target, name) {
        if (name in target) return target[name];
        throw new Error(`no ${String(name)} here`);
      },
    });
    expect(() => logger.write(strict)).not.toThrow();
    logger.write(infoOf('neighbour'));
    await new Promise(setImmediate);
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(['neighbour']);
    expect(transport.stats()).toMatchObject({ accepted: 2, dropped: { invalid: 1 } });
  });
});

describe('20,000 hostile records', { timeout: 30_000 }, () => {
  it('by log() and write() leave their neighbours as they are, each once and in order', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, {
      buffer: { maxRecords: 1_000_000, maxBytes: 2 ** 30 },
      batch: { maxRecords: 500 },
      dropNotice: false,
    });
    const { errors } = watched(transport);
    const random = seededRandom(20_261_123);
    const ways = Object.values(WAYS);
    const expected: string[] = [];
    for (let at = 0; at < 20_000; at++) {
      pick(ways, random)(transport, hostileInfo(random));
      if (at % 10 !== 0) continue;
      pick(ways, random)(transport, infoOf(neighbour(at)));
      expected.push(neighbour(at));
      if (at % 1_000 === 0) await new Promise(setImmediate);
    }
    await transport.flush(20_000);
    expect(neighbours(cluster.values(TOPIC))).toEqual(expected);
    expect(errors).toEqual([]);
    const stats = transport.stats();
    expect(stats.delivered + droppedIn(stats)).toBe(stats.accepted);
    expect(stats.dropped.invalid).toBeGreaterThan(100);
    // Two or three of 2 MiB: more than the broker takes.
    expect(stats.dropped.oversize).toBeGreaterThan(0);
    expectLaw(transport);
  });

  it('through a logger, beside a sibling, with topics, keys, headers and a filter that are no better', async () => {
    const cluster = await startCluster({ autoCreate: true, topics: { [TOPIC]: 3 } });
    const random = seededRandom(7);
    const good = (message: unknown): boolean =>
      typeof message === 'string' && message.startsWith('neighbour ');
    const absurd = ['', '.', '..', 'a b', 'ä', '/etc/passwd', 'x'.repeat(10_000), TOPIC, 'other-topic'];
    const transport = transportTo(cluster, {
      buffer: { maxRecords: 1_000_000, maxBytes: 2 ** 30 },
      dropNotice: false,
      topic: ({ message }) =>
        good(message) ? TOPIC : ((random() < 0.5 ? pick(absurd, random) : hostileValue(random)) as string),
      key: ({ message }) => (good(message) ? 'neighbours' : (hostileValue(random) as string)),
      headers: ({ message }) =>
        good(message)
          ? { n: '1' }
          : ((random() < 0.5 ? hostileValue(random) : { a: hostileValue(random), b: 'ok' }) as Record<
              string,
              string
            >),
      filter: ({ message }) => {
        if (!good(message) && random() < 0.1) throw new Error('from the filter');
        return good(message) || random() < 0.9 || hostileValue(random);
      },
    });
    const { errors, warnings } = watched(transport);
    const sibling = new Collecting();
    // One that cannot throw: what a logger's own format throws is between it and the application.
    const format = { transform: (info: Info) => info };
    const logger = winston.createLogger({
      level: 'silly',
      format: format as never,
      transports: [transport, sibling],
    });
    logger.on('error', (error) => errors.push(error));
    const expected: string[] = [];
    for (let at = 0; at < 20_000; at++) {
      const info = hostileInfo(random);
      // What winston's own `write` cannot read it throws at the application, or ends its stream with (null).
      if (isReadableByWinston(info)) expect(() => logger.write(info)).not.toThrow();
      if (at % 10 !== 0) continue;
      logger.write(infoOf(neighbour(at)));
      expected.push(neighbour(at));
      if (at % 1_000 === 0) await new Promise(setImmediate);
    }
    await new Promise(setImmediate);
    await transport.flush(20_000);
    expect(neighbours(cluster.values(TOPIC))).toEqual(expected);
    const own = cluster.records(TOPIC).filter(({ value }) => good(value.toString()));
    expect(new Set(own.map(({ key, partition }) => `${key} ${partition}`)).size).toBe(1);
    expect(neighbours(sibling.infos.map((info) => textOf(info)))).toEqual(expected);
    expect(errors).toEqual([]);
    const { callbackFailures, dropped } = transport.stats();
    for (const name of ['topic', 'key', 'headers', 'filter'] as const)
      expect(callbackFailures[name]).toBeGreaterThan(100);
    expect(dropped.invalid).toBeGreaterThan(1_000);
    // Once for each function that threw or returned nonsense, and for each reason to drop.
    expect(warnings.length).toBe(
      new Set(warnings.map((warning) => warning.replace(/\(.*\)|a value of type \w+|an array|null/g, '')))
        .size,
    );
    expect(warnings.length).toBeLessThan(12);
    expectLaw(transport);
  });
});

function textOf(info: object): string {
  try {
    const text: unknown = Reflect.get(info, Symbol.for('message'));
    return typeof text === 'string' ? text : '';
  } catch {
    return '';
  }
}

/** Whether winston's `_transform` gets as far as the format, and the sibling's base class as far as its `log`. */
function isReadableByWinston(info: unknown): boolean {
  if (typeof info !== 'object' || info === null) return false;
  try {
    const level: unknown = Reflect.get(info, Symbol.for('level'));
    Reflect.get(info, 'exception');
    // Without one, winston writes one; a symbol or an object cannot be looked up, or printed.
    return typeof level === 'string' && level !== '';
  } catch {
    return false;
  }
}
