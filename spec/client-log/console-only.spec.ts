import { afterEach, describe, expect, it, vi } from 'vitest';
import winston from 'winston';
import TransportStream from 'winston-transport';
import {
  type ClientLogger,
  consoleOnlyLogCreator,
  sinkLogCreator,
} from '../../lib/client-log/console-only.ts';
import { isGuarded } from '../../lib/loop-safety/guard.ts';
import { entry, HOSTILE_ENTRIES, hostile, setUpSink } from './entry.ts';

/** A logger of the caller's that keeps its calls and whether they came under the guard. */
function setUpLogger() {
  const calls: unknown[][] = [];
  const method =
    (name: string) =>
    (...args: unknown[]) => {
      calls.push([name, isGuarded(), ...args]);
    };
  const logger: ClientLogger = {
    error: method('error'),
    warn: method('warn'),
    info: method('info'),
    debug: method('debug'),
  };
  return { logger, calls };
}

describe('a line on the console', () => {
  it('has its time, level, namespace, message and extras', () => {
    const { log, take } = setUpSink();
    log(
      entry('WARN', 'Connection error: connect ECONNREFUSED 127.0.0.1:9092', {
        retryCount: 3,
        clientId: 'shop',
        broker: '127.0.0.1:9092',
        stack: 'Error: …\n  at …',
      }),
    );
    expect(take()).toEqual([
      '2026-11-23T09:00:00.000Z WARN [kafkajs/Connection] Connection error: connect ECONNREFUSED 127.0.0.1:9092 broker=127.0.0.1:9092 clientId=shop retryCount=3',
    ]);
  });

  it('names the client alone where there is no namespace', () => {
    const { log, take } = setUpSink();
    log(entry('ERROR', 'm', {}, ''));
    expect(take()).toEqual(['2026-11-23T09:00:00.000Z ERROR [kafkajs] m']);
  });

  it('has the stack when the level is debug, on the same line and last', () => {
    const { log, take } = setUpSink({ level: 'debug' });
    log(entry('ERROR', 'm', { stack: 'Error: x\n    at y', broker: 'b:1' }));
    expect(take()).toEqual([
      '2026-11-23T09:00:00.000Z ERROR [kafkajs/Connection] m broker=b:1 stack="Error: x\\\\n    at y"',
    ]);
  });

  it('has no objects and buffers, but the message of an error', () => {
    const { log, take } = setUpSink();
    log(
      entry('ERROR', 'm', {
        data: { a: 1 },
        payload: Buffer.from('x'),
        topics: ['a'],
        error: new Error('why so'),
        ok: false,
        big: 5n,
      }),
    );
    expect(take()).toEqual([
      '2026-11-23T09:00:00.000Z ERROR [kafkajs/Connection] m error="why so" ok=false big=5',
    ]);
  });

  it('does not say the error twice', () => {
    const { log, take } = setUpSink();
    log(entry('ERROR', 'Crash: broken', { error: 'broken' }));
    expect(take()).toEqual(['2026-11-23T09:00:00.000Z ERROR [kafkajs/Connection] Crash: broken']);
  });

  it('has no secret, neither as a field nor in the text', () => {
    const { log, take } = setUpSink({ level: 'debug' });
    log(
      entry('ERROR', 'login with password=hunter2 failed', {
        password: 'hunter2',
        saslToken: 'hunter2',
        sasl: 'hunter2',
        Authorization: 'hunter2',
        error: 'authorization: Bearer hunter2',
        stack: 'Error: secret=hunter2',
      }),
    );
    const [line] = take();
    expect(line).toContain('password=***');
    expect(line).not.toContain('hunter2');
  });

  it('cannot be made into two', () => {
    const { log, take } = setUpSink();
    log(entry('ERROR', 'a\n2026 ERROR forged', { 'k\ney': 'v\r\nx', broker: 'b\u2028' }, 'Con\nn'));
    const [line] = take();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
    expect(line).not.toMatch(/[\u0000-\u001f\u2028]/);
  });

  it('is at most about 1,000 characters long', () => {
    const { log, take } = setUpSink();
    log(
      entry(
        'ERROR',
        'é'.repeat(100_000),
        Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, 'v'.repeat(1_000)])),
      ),
    );
    const [line = ''] = take();
    expect(line).toHaveLength(1_000);
    expect(Buffer.byteLength(line)).toBeLessThan(4_096);
  });
});

describe('level', () => {
  it.each([
    ['nothing', []],
    ['error', ['ERROR']],
    ['warn', ['ERROR', 'WARN']],
    ['info', ['ERROR', 'WARN', 'INFO']],
    ['debug', ['ERROR', 'WARN', 'INFO', 'DEBUG']],
  ] as const)('%s lets %j through, whatever the client lets through', (level, expected) => {
    const { log, take } = setUpSink({ level });
    for (const name of ['ERROR', 'WARN', 'INFO', 'DEBUG'] as const) log(entry(name, name));
    expect(take().map((line) => line.split(' ')[1])).toEqual(expected);
  });

  it('is warn by default', () => {
    const { log, take } = setUpSink();
    log(entry('INFO', 'm'));
    expect(take()).toEqual([]);
    log(entry('WARN', 'm'));
    expect(take()).toHaveLength(1);
  });

  it('of another name throws, and so does an incomplete logger', () => {
    expect(() => consoleOnlyLogCreator({ level: 'loud' as 'warn' })).toThrow(
      /"consoleOnlyLogCreator.level" must be 'nothing' or .*'loud'/,
    );
    expect(() => consoleOnlyLogCreator({ logger: { warn() {} } as unknown as ClientLogger })).toThrow(
      /"consoleOnlyLogCreator.logger" must be an object with error, warn/,
    );
    expect(() => consoleOnlyLogCreator({ logger: null as unknown as ClientLogger })).toThrow(
      /consoleOnlyLogCreator.logger.* given was null/,
    );
  });
});

describe('repetition', () => {
  it('is counted over ids and over the clients that one creator serves', () => {
    const { clock, creator, log, take } = setUpSink();
    log(entry('ERROR', 'Request 1 timed out', { broker: 'b:9092' }));
    creator(4)(entry('ERROR', 'Request 2 timed out', { broker: 'b:9092' }));
    expect(take()).toHaveLength(1);
    clock.now += 61_000;
    log(entry('ERROR', 'Request 3 timed out', { broker: 'b:9092' }));
    expect(take()).toEqual([
      '2026-11-23T09:01:01.000Z ERROR [kafkajs/Connection] Request 3 timed out broker=b:9092 (repeated 1 time in the last 61 s)',
    ]);
  });

  it.each([
    ['level', entry('WARN', 'm', { broker: 'b:9092' })],
    ['namespace', entry('ERROR', 'm', { broker: 'b:9092' }, 'Producer')],
    ['message', entry('ERROR', 'n', { broker: 'b:9092' })],
    ['broker', entry('ERROR', 'm', { broker: 'b:9093' })],
  ])('is not assumed where the %s differs', (_what, other) => {
    const { log, take } = setUpSink();
    log(entry('ERROR', 'm', { broker: 'b:9092' }));
    log(other);
    expect(take()).toHaveLength(2);
  });

  it('keeps a flood of new lines bounded and says what it left out', () => {
    const { clock, log, take } = setUpSink();
    const word = (n: number): string => n.toString(2).replaceAll('0', 'x').replaceAll('1', 'y');
    for (let index = 0; index < 1_000; index++) log(entry('ERROR', word(index)));
    expect(take()).toHaveLength(100);
    clock.now += 60_000;
    log(entry('ERROR', 'later'));
    expect(take()).toEqual([
      expect.stringMatching(/ \(the last of 900 other lines left out in the last 60 s\)$/),
      expect.stringMatching(/ later$/),
    ]);
  });
});

describe("the caller's logger", () => {
  it('is called under the guard, with the text and the extras', () => {
    const { logger, calls } = setUpLogger();
    const { log, take } = setUpSink({ logger, level: 'debug' });
    log(entry('ERROR', 'a', { broker: 'b:1', password: 'x' }));
    log(entry('WARN', 'b'));
    log(entry('INFO', 'c'));
    log(entry('DEBUG', 'd'));
    expect(calls).toEqual([
      ['error', true, '[kafkajs/Connection] a', { broker: 'b:1' }],
      ['warn', true, '[kafkajs/Connection] b'],
      ['info', true, '[kafkajs/Connection] c'],
      ['debug', true, '[kafkajs/Connection] d'],
    ]);
    expect(isGuarded()).toBe(false);
    expect(take()).toEqual([]);
  });

  it('gets at most 20 extras', () => {
    const { logger, calls } = setUpLogger();
    const extras = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${index}`, index]));
    setUpSink({ logger }).log(entry('ERROR', 'a', extras));
    expect(Object.keys(Object(calls[0]?.[3]))).toHaveLength(20);
  });

  it('is filtered and counted for like the console', () => {
    const { logger, calls } = setUpLogger();
    const { clock, log } = setUpSink({ logger });
    log(entry('INFO', 'a'));
    for (let index = 0; index < 3; index++) log(entry('WARN', 'a'));
    clock.now += 60_000;
    log(entry('WARN', 'a'));
    expect(calls.map((call) => call[2])).toEqual([
      '[kafkajs/Connection] a',
      '[kafkajs/Connection] a (repeated 2 times in the last 60 s)',
    ]);
  });

  it('that throws does not reach the client: the line goes to the console', () => {
    const { logger } = setUpLogger();
    logger.error = () => {
      throw new Error('no');
    };
    const { log, take } = setUpSink({ logger });
    log(entry('ERROR', 'a', { broker: 'b:1' }));
    expect(take()).toEqual(['2026-11-23T09:00:00.000Z ERROR [kafkajs/Connection] a broker=b:1']);
    expect(isGuarded()).toBe(false);
  });

  it('may return a promise that is rejected', async () => {
    const { logger } = setUpLogger();
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    logger.error = async () => {
      throw new Error('no');
    };
    logger.warn = () => ({
      // biome-ignore lint/suspicious/noThenProperty: a thenable that throws
      get then(): never {
        throw new Error('no');
      },
    });
    const { log } = setUpSink({ logger });
    expect(() => log(entry('ERROR', 'a'))).not.toThrow();
    expect(() => log(entry('WARN', 'a'))).not.toThrow();
    // An unhandled rejection is reported once the microtasks are done: before the next turn of the event loop.
    await new Promise(setImmediate);
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('that makes the client log again gets no second call: that line goes to the console', () => {
    const { logger, calls } = setUpLogger();
    const { log, take } = setUpSink({ logger });
    const { warn } = logger;
    let depth = 0;
    logger.warn = (message) => {
      warn(message);
      if (depth++ < 10) log(entry('WARN', 'x'.repeat(depth)));
    };
    log(entry('WARN', 'a'));
    expect(calls).toHaveLength(1);
    expect(take()).toEqual(['2026-11-23T09:00:00.000Z WARN [kafkajs/Connection] x']);
  });

  it("may be the application's winston logger, also after its end", () => {
    const records: unknown[] = [];
    class Keep extends TransportStream {
      override log(info: unknown, next: () => void): void {
        records.push(info);
        next();
      }
    }
    const logger = winston.createLogger({ transports: [new Keep()] });
    const onError = vi.fn();
    logger.on('error', onError);
    const { log, take } = setUpSink({ logger });
    log(entry('ERROR', 'a', { broker: 'b:1', message: 'a' }));
    expect(records).toEqual([
      expect.objectContaining({ level: 'error', message: '[kafkajs/Connection] a', broker: 'b:1' }),
    ]);
    logger.end();
    log(entry('ERROR', 'b'));
    expect(take()).toHaveLength(1);
    expect(onError).not.toHaveBeenCalled();
  });

  it('may be console', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    setUpSink({ logger: console }).log(entry('WARN', 'a'));
    expect(warn.mock.calls).toEqual([['[kafkajs/Connection] a']]);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
});

describe('an entry that is none', () => {
  it.each(HOSTILE_ENTRIES)('(%s) does no harm', (_name, value) => {
    const { logger, calls } = setUpLogger();
    for (const level of ['debug', 'error'] as const) {
      const { log, take } = setUpSink({ level });
      expect(() => log(hostile(value))).not.toThrow();
      for (const line of take()) expect(line).toMatch(/^2026-11-23T09:00:00.000Z [A-Z]+ \[kafkajs.*\] ./);
      expect(() => setUpSink({ level, logger }).log(hostile(value))).not.toThrow();
    }
    expect(calls.every(([, guarded]) => guarded)).toBe(true);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('is still printed where something of it can be read', () => {
    const { log, take } = setUpSink();
    log(
      hostile({
        level: 1,
        log: Object.defineProperty({ message: 'm', broker: 'b:1' }, 'topic', {
          enumerable: true,
          get: () => {
            throw new Error('no');
          },
        }),
      }),
    );
    log(hostile({ level: 1, namespace: 'N' }));
    log(hostile({ level: 'loud', log: { message: 'm' } }));
    const refuse = (): never => {
      throw new Error('no');
    };
    log(hostile({ level: 1, log: new Proxy({ message: 'p' }, { ownKeys: refuse }) }));
    expect(take()).toEqual([
      '2026-11-23T09:00:00.000Z ERROR [kafkajs] m broker=b:1',
      '2026-11-23T09:00:00.000Z ERROR [kafkajs/N] (no message)',
      '2026-11-23T09:00:00.000Z WARN [kafkajs] m',
      '2026-11-23T09:00:00.000Z ERROR [kafkajs] p',
    ]);
  });

  it('does no harm when the clock or the console is broken', () => {
    const broken = (): never => {
      throw new Error('no');
    };
    const parts = [
      { now: broken, print: () => {} },
      { now: () => Number.NaN, print: () => {} },
      { now: Date.now, print: broken },
    ];
    for (const part of parts) {
      expect(() => sinkLogCreator({}, part)(1)(entry('ERROR', 'a'))).not.toThrow();
    }
  });
});
