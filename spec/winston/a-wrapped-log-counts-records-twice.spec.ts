// `log` may be wrapped or overridden, as that of any winston transport: it was called without a callback, so that what called
// it threw, and the record was counted a second time, as an unreadable one.
import { describe, expect, it, onTestFinished } from 'vitest';
import winston from 'winston';
import { KafkaTransport, type KafkaTransportError, runGuarded } from '../../lib/index.ts';
import {
  Collecting,
  expectLaw,
  loggerWith,
  numbered,
  startCluster,
  TOPIC,
  transportTo,
} from '../support/harness.ts';
import type { Info } from './fixtures/infos.ts';

type Next = (error?: unknown) => void;
type Log = (info: Info, next?: Next) => unknown;
/** Makes what takes the place of `log`. */
type Wrap = (log: Log) => Log;

function wrap(transport: KafkaTransport, by: Wrap): void {
  Object.assign(transport, { log: by(transport.log.bind(transport) as Log) });
}

function expectNoRejection(): void {
  const rejections: unknown[] = [];
  const note = (reason: unknown): unknown => rejections.push(reason);
  process.on('unhandledRejection', note);
  onTestFinished(async () => {
    await new Promise(setImmediate);
    process.off('unhandledRejection', note);
    expect(rejections).toEqual([]);
  });
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What becomes of five records with a `log` that is wrapped like this. */
async function logged(by: Wrap, options: Parameters<typeof transportTo>[1] = {}) {
  expectNoRejection();
  const cluster = await startCluster();
  const transport = transportTo(cluster, { dropNotice: false, ...options });
  const warnings: KafkaTransportError[] = [];
  transport.on('warn', (warning: KafkaTransportError) => warnings.push(warning));
  wrap(transport, by);
  const sibling = new Collecting();
  const logger = loggerWith(transport, sibling);
  for (const message of numbered(5)) expect(() => logger.info(message)).not.toThrow();
  for (let turns = 0; turns < 5; turns++) await turn();
  await transport.flush(Infinity);
  expect(sibling.messages).toEqual(numbered(5));
  expectLaw(transport);
  return {
    stats: transport.stats(),
    values: cluster.values(TOPIC),
    codes: warnings.map(({ code }) => code),
    warnings,
  };
}

const ONCE: Record<string, Wrap> = {
  'calls back itself, and hands on the info alone (the case of the report)': (log) => (info, next) => {
    log(info);
    // Not `next?.()`: a callback that is not there has to show.
    (next as Next)();
  },
  'hands on both': (log) => (info, next) => log(info, next),
  'must have a callback': (log) => (info, next) => {
    if (next === undefined) throw new TypeError('next is not a function');
    log(info, next);
  },
  'calls back twice': (log) => (info, next) => {
    log(info, next);
    next?.();
    next?.(null);
  },
  'never calls back': (log) => (info) => void log(info),
  'calls back before': (log) => (info, next) => {
    next?.();
    log(info);
  },
  'calls back later': (log) => (info, next) => {
    log(info);
    setImmediate(() => next?.());
  },
  'hands a copy on': (log) => (info, next) => {
    log({ ...info, host: 'h' });
    next?.();
  },
  'hands on in a later turn': (log) => (info, next) => void setImmediate(() => log(info, next)),
  'hands on the info alone in a later turn': (log) => (info, next) => {
    next?.();
    setImmediate(() => log(info));
  },
  'hands on a copy in a later turn': (log) => (info, next) => void setImmediate(() => log({ ...info }, next)),
  'is async': (log) => async (info, next) => {
    await undefined;
    log(info, next);
  },
  'returns something odd': (log) => (info, next) => {
    log(info, next);
    return Object.create(null);
  },
};

describe.each(Object.entries(ONCE))('a wrapped log that %s', (_, by) => {
  it.each<[string, Parameters<typeof transportTo>[1]]>([
    ['', {}],
    ['with a format of its own', { format: winston.format.printf(({ message }) => String(message)) }],
  ])('has each record counted and sent once %s', async (_name, options) => {
    const { stats, values, codes } = await logged(by, options);
    expect(values).toEqual(numbered(5));
    expect(stats).toMatchObject({ accepted: 5, delivered: 5, dropped: { invalid: 0 } });
    expect(codes).toEqual([]);
  });
});

const FAILING_AFTER: Record<string, Wrap> = {
  'throws after it has handed on': (log) => (info, next) => {
    log(info, next);
    throw new Error('boom');
  },
  'calls back with an error': (log) => (info, next) => {
    log(info);
    next?.(new Error('boom'));
  },
  'calls back with an error, twice, and throws it': (log) => (info, next) => {
    log(info);
    next?.(new Error('boom'));
    next?.(new Error('boom'));
    throw new Error('boom');
  },
  'calls back with an error before it hands on': (log) => (info, next) => {
    next?.(new Error('boom'));
    setImmediate(() => log(info));
  },
  'returns a promise that is rejected later': (log) => async (info, next) => {
    log(info, next);
    await undefined;
    throw new Error('boom');
  },
};

describe.each(Object.entries(FAILING_AFTER))('a wrapped log that %s', (_, by) => {
  it('has each record counted and sent once, and is told of in one warning', async () => {
    const { stats, values, codes, warnings } = await logged(by);
    expect(values).toEqual(numbered(5));
    expect(stats).toMatchObject({ accepted: 5, delivered: 5, dropped: { invalid: 0 } });
    expect(stats.callbackFailures.log).toBeGreaterThanOrEqual(5);
    expect(codes).toEqual(['ERR_CALLBACK_FAILED']);
    expect(warnings[0]?.message).toContain('boom');
    expect(warnings[0]?.cause).toEqual(new Error('boom'));
  });
});

const FAILING_BEFORE: Record<string, Wrap> = {
  'throws instead of handing on': () => () => {
    throw new Error('boom');
  },
  'returns a rejected promise instead of handing on': () => async () => {
    throw new Error('boom');
  },
  'throws, and hands on later': (log) => (info) => {
    setImmediate(() => log(info));
    throw new Error('boom');
  },
};

describe.each(Object.entries(FAILING_BEFORE))('a wrapped log that %s', (_, by) => {
  it('has each record counted as invalid, once, and is told of', async () => {
    const { stats, values, codes } = await logged(by);
    expect(values).toEqual([]);
    expect(stats).toMatchObject({ accepted: 5, dropped: { invalid: 5 }, callbackFailures: { log: 5 } });
    expect(codes).toEqual(['ERR_CALLBACK_FAILED', 'ERR_RECORDS_DROPPED']);
  });
});

describe('what a wrapped log makes of a record', () => {
  it('counts as it is handed on: not at all, or twice', async () => {
    const none = await logged(() => (_info, next) => next?.());
    expect(none.stats).toMatchObject({ accepted: 0, dropped: { invalid: 0 } });
    const twice = await logged((log) => (info, next) => {
      log(info);
      log(info, next);
    });
    expect(twice.values).toEqual(numbered(5).flatMap((message) => [message, message]));
    expect(twice.stats).toMatchObject({ accepted: 10, delivered: 10 });
  });

  const HANDING_ON: Record<string, Wrap> = {
    'a copy, at once': (log) => (info, next) => {
      log({ ...info });
      next?.();
    },
    'the info, later': (log) => (info) => void setImmediate(() => log(info)),
    'a copy, later, with the callback': (log) => (info, next) =>
      void setImmediate(() => log({ ...info }, next)),
  };

  it.each(Object.entries(HANDING_ON))('is sent with its call site (%s)', async (_, by) => {
    const seen: string[] = [];
    const format = winston.format((info) => ({ ...info }))();
    const { stats } = await logged(by, { format, filter: (record) => seen.push(record.file) > 0 });
    expect(seen).toHaveLength(5);
    for (const file of seen) expect(file).toContain('a-wrapped-log-counts-records-twice.spec.ts');
    expect(stats.delivered).toBe(5);
  });

  it('is decided at the log call: handed on inside somebody else\u2019s shipping, it is sent', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const waiting: (() => void)[] = [];
    wrap(transport, (log) => (info, next) => void waiting.push(() => log({ ...info }, next)));
    const logger = loggerWith(transport);
    logger.info('innocent');
    runGuarded(() => logger.info('re-entrant'));
    await turn();
    runGuarded(() => {
      for (const handOn of waiting) handOn();
    });
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(['innocent']);
    expect(transport.stats()).toMatchObject({ accepted: 1, suppressed: { reentrant: 1 } });
  });
});

describe('a subclass', () => {
  class Enriching extends KafkaTransport {
    calls = 0;

    override log(info: Info, callback?: (error?: Error | null) => void): boolean {
      this.calls++;
      if (callback === undefined) throw new TypeError('no callback');
      return super.log({ ...info, [Symbol.for('message')]: `<${String(info.message)}>` }, callback);
    }
  }

  it('that overrides log gets a callback, and each record is counted once', async () => {
    const cluster = await startCluster();
    const transport = new Enriching({
      topic: TOPIC,
      kafka: { brokers: cluster.addresses },
      batch: { lingerMs: 1 },
    });
    onTestFinished(async () => void (await transport.close()));
    const logger = loggerWith(transport);
    for (const message of numbered(3)) logger.info(message);
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(numbered(3).map((message) => `<${message}>`));
    expect(transport.stats()).toMatchObject({ accepted: 3, delivered: 3 });
    expect(transport.calls).toBe(3);
    expectLaw(transport);
  });
});

it('a prototype whose log is replaced, as tracing tools do, is called for each record', async () => {
  const { log } = KafkaTransport.prototype;
  const seen: unknown[] = [];
  KafkaTransport.prototype.log = function traced(info, callback) {
    seen.push(info.message);
    return log.call(this, info, callback);
  };
  onTestFinished(() => {
    KafkaTransport.prototype.log = log;
  });
  const cluster = await startCluster();
  const transport = transportTo(cluster);
  const logger = loggerWith(transport);
  for (const message of numbered(3)) logger.info(message);
  await transport.flush(Infinity);
  expect(seen).toEqual(numbered(3));
  expect(cluster.values(TOPIC)).toEqual(numbered(3));
  expect(transport.stats().accepted).toBe(3);
});
