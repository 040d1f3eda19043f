import { describe, expect, it, vi } from 'vitest';
import winston from 'winston';
import TransportStream from 'winston-transport';
import { stderrLines } from '../../lib/client-log/stderr.ts';
import { winstonLogCreator } from '../../lib/client-log/to-winston.ts';
import { isGuarded } from '../../lib/loop-safety/guard.ts';
import { entry, HOSTILE_ENTRIES, hostile } from './entry.ts';

class Keep extends TransportStream {
  readonly records: Record<string, unknown>[] = [];
  readonly guarded: boolean[] = [];
  override log(info: Record<string, unknown>, next: () => void): void {
    this.records.push({ ...info });
    this.guarded.push(isGuarded());
    next();
  }
}

function setUp(options: winston.LoggerOptions = {}) {
  const keep = new Keep({ format: winston.format.json() });
  const logger = winston.createLogger({ level: 'debug', transports: [keep], ...options });
  return { logger, keep, log: winstonLogCreator(logger)(5) };
}

function printedDuring(fn: () => void): string[] {
  const print = vi.spyOn(stderrLines, 'print').mockImplementation(() => {});
  try {
    fn();
    return print.mock.calls.map(([line]) => line);
  } finally {
    print.mockRestore();
  }
}

describe('winstonLogCreator', () => {
  it('makes a record of a line, its message unchanged and its extras beside it, without the guard', () => {
    const { keep, log } = setUp();
    log(
      entry('ERROR', 'Crash: KafkaJSError: broken', { groupId: 'g', retryCount: 2, stack: 's' }, 'Consumer'),
    );
    expect(keep.records).toEqual([
      {
        level: 'error',
        message: 'Crash: KafkaJSError: broken',
        namespace: 'Consumer',
        logger: 'kafkajs',
        groupId: 'g',
        retryCount: 2,
        stack: 's',
        [Symbol.for('level')]: 'error',
        [Symbol.for('message')]: expect.any(String),
      },
    ]);
    expect(keep.guarded).toEqual([false]);
  });

  it("leaves the time to the logger's format", () => {
    const { keep, log } = setUp({ format: winston.format.timestamp() });
    log(entry('WARN', 'm', { timestamp: 'mine' }));
    const { timestamp } = keep.records[0] ?? {};
    expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(timestamp).not.toBe(entry('WARN', 'm').log.timestamp);
  });

  it('has no time of its own where the logger has none', () => {
    const { keep, log } = setUp();
    log(entry('WARN', 'm'));
    expect(keep.records[0]).not.toHaveProperty('timestamp');
  });

  it('renames extras that would overwrite or hide the record', () => {
    const { keep, log } = setUp();
    log(
      entry('WARN', 'm', {
        level: 'silly',
        exception: true,
        rejection: true,
        namespace: 'x',
        logger: 'mine',
      }),
    );
    expect(keep.records[0]).toMatchObject({
      level: 'warn',
      message: 'm',
      namespace: 'Connection',
      logger: 'kafkajs',
      kafkajsLevel: 'silly',
      kafkajsException: true,
      kafkajsRejection: true,
      kafkajsNamespace: 'x',
      kafkajsLogger: 'mine',
    });
    expect(keep.records[0]).not.toHaveProperty('exception');
  });

  it('gives the message of an error, which would be {} in JSON', () => {
    const { keep, log } = setUp();
    log(entry('ERROR', 'm', { error: new Error('why') }));
    expect(keep.records[0]?.error).toBe('why');
  });

  it('names levels as the logger does, also after it was configured anew', () => {
    const { logger, keep, log } = setUp({ levels: winston.config.syslog.levels });
    log(entry('WARN', 'm'));
    logger.configure({ levels: { bad: 0, odd: 1, fine: 2, chatty: 3 }, level: 'chatty', transports: [keep] });
    for (const level of ['NOTHING', 'ERROR', 'WARN', 'INFO', 'DEBUG'] as const) log(entry(level, 'm'));
    expect(keep.records.map(({ level }) => level)).toEqual([
      'warning',
      'bad',
      'bad',
      'odd',
      'fine',
      'chatty',
    ]);
  });

  it('works with a child logger', () => {
    const { logger, keep } = setUp();
    winstonLogCreator(logger.child({ service: 'shop' }))(5)(entry('INFO', 'm'));
    expect(keep.records).toEqual([expect.objectContaining({ level: 'info', message: 'm', service: 'shop' })]);
  });

  it.each(HOSTILE_ENTRIES)('is not harmed by an entry that is none (%s)', (_name, value) => {
    const { log } = setUp();
    printedDuring(() => expect(() => log(hostile(value))).not.toThrow());
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});

describe('a logger that does not take the line', () => {
  it.each<[string, () => unknown]>([
    ['undefined', () => undefined],
    ['no logger', () => ({})],
    [
      'one that throws',
      () => ({
        log: () => {
          throw new Error('no');
        },
      }),
    ],
    [
      'one whose levels throw',
      () => ({
        get levels() {
          throw new Error('no');
        },
        log() {},
      }),
    ],
    [
      'one whose format throws',
      () =>
        winston.createLogger({
          format: winston.format(() => {
            throw new Error('no');
          })(),
          transports: [new Keep()],
        }),
    ],
    ['one that has ended', () => winston.createLogger({ transports: [new Keep()] }).end()],
    ['one that was destroyed', () => winston.createLogger({ transports: [new Keep()] }).destroy()],
  ])('(%s) does not harm the client: the line goes to the console', (_name, make) => {
    const log = winstonLogCreator(make() as winston.Logger)(5);
    const printed = printedDuring(() => {
      expect(() => log(entry('ERROR', 'a', { broker: 'b:1' }))).not.toThrow();
      log(entry('ERROR', 'a', { broker: 'b:1' }));
      log(entry('INFO', 'a'));
    });
    expect(printed).toEqual([expect.stringMatching(/ ERROR \[kafkajs\/Connection\] a broker=b:1$/)]);
  });

  it.each(['end', 'destroy'] as const)(
    "does not set off the error listener of the application's logger after %s",
    (over) => {
      const { logger, log } = setUp();
      const onError = vi.fn();
      logger.on('error', onError);
      logger[over]();
      printedDuring(() => log(entry('ERROR', 'a')));
      expect(onError).not.toHaveBeenCalled();
    },
  );

  it('that was closed does no harm', () => {
    const { logger, log } = setUp();
    vi.spyOn(console, 'error').mockImplementation(() => {});
    logger.close();
    expect(() => log(entry('ERROR', 'a'))).not.toThrow();
    vi.restoreAllMocks();
  });
});
