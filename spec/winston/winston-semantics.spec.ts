import { describe, expect, it, vi } from 'vitest';
import winston from 'winston';
import type { KafkaTransportError } from '../../lib/index.ts';
import { Collecting, expectLaw, plain, startCluster, TOPIC, transportTo } from '../support/harness.ts';

type Overrides = Parameters<typeof transportTo>[1];

async function piped(overrides: Overrides = {}, loggerOptions: winston.LoggerOptions = {}) {
  const cluster = await startCluster();
  const transport = transportTo(cluster, overrides);
  const logger = winston.createLogger({ format: plain(), transports: [transport], ...loggerOptions });
  const values = async (): Promise<string[]> => {
    await new Promise(setImmediate);
    await transport.flush(Infinity);
    return cluster.values(TOPIC);
  };
  return { cluster, transport, logger, values };
}

describe('level', () => {
  it.each([
    ['undefined', undefined],
    ['empty', ''],
  ])('that is %s is the logger’s, as it changes', async (_, level) => {
    const { transport, logger, values } = await piped();
    transport.level = level as string;
    logger.debug('too low');
    await values();
    logger.level = 'debug';
    logger.debug('high enough now');
    await values();
    logger.level = 'error';
    logger.warn('too low now');
    logger.error('always');
    expect(await values()).toEqual(['high enough now', 'always']);
  });

  it('of the transport wins, in both directions, and may change', async () => {
    const { transport, logger, values } = await piped({ level: 'debug' }, { level: 'error' });
    logger.debug('more than the logger takes');
    await values();
    transport.level = 'error';
    logger.warn('less than before');
    expect(await values()).toEqual(['more than the logger takes']);
  });

  it('goes by levels of one’s own', async () => {
    const { logger, values } = await piped(
      { level: 'loud' },
      { levels: { quiet: 2, loud: 1, deafening: 0 } },
    );
    for (const level of ['quiet', 'loud', 'deafening']) logger.log(level, level);
    expect(await values()).toEqual(['loud', 'deafening']);
  });

  it('goes by syslog’s', async () => {
    const { logger, values } = await piped({ level: 'warning' }, { levels: winston.config.syslog.levels });
    for (const level of Object.keys(winston.config.syslog.levels)) logger.log(level, level);
    expect(await values()).toEqual(['emerg', 'alert', 'crit', 'error', 'warning']);
  });

  it('of a record that the logger does not have keeps it out, as with any transport', async () => {
    const error = vi.spyOn(console, 'error').mockReturnValue(undefined);
    const sibling = new Collecting();
    const { logger, values } = await piped();
    logger.add(sibling);
    for (const level of ['nonsense', 'constructor', '__proto__', 'toString']) logger.log(level, level);
    logger.info('ordinary');
    expect(await values()).toEqual(['ordinary']);
    expect(sibling.messages).toEqual(['ordinary']);
    error.mockRestore();
  });
});

describe('silent', () => {
  it('may be turned on and off', async () => {
    const { transport, logger, values } = await piped();
    for (const silent of [false, true, false]) {
      transport.silent = silent;
      logger.info(`silent: ${silent}`);
      await values();
    }
    expect(await values()).toEqual(['silent: false', 'silent: false']);
  });

  it('of the logger is its own affair', async () => {
    const { logger, values } = await piped({}, { silent: true });
    logger.info('a');
    expect(await values()).toEqual([]);
  });
});

describe('format', () => {
  const invalidReturn: Record<string, { format: () => unknown; told: string }> = {
    'that throws': {
      format: () => {
        throw new Error('from the format');
      },
      told: 'threw (from the format)',
    },
    'that returns a string': { format: () => 'text', told: 'returned a value of type string' },
    'that returns a promise': { format: async () => ({}), told: 'returned a value of type object' },
    'that returns a promise that is rejected': {
      format: async () => {
        throw new Error('late');
      },
      told: 'returned a value of type object',
    },
  };

  it.each(Object.entries(invalidReturn))(
    '%s costs its record only, and is told of once',
    async (_, { format, told }) => {
      const transform = (info: winston.Logform.TransformableInfo) => (info.bad === true ? format() : info);
      const { transport, logger, values } = await piped({
        format: { transform } as never,
        dropNotice: false,
      });
      const warnings: KafkaTransportError[] = [];
      transport.on('warn', (warning: KafkaTransportError) => warnings.push(warning));
      for (const bad of [false, true, true, false]) expect(() => logger.info('a', { bad })).not.toThrow();
      expect(await values()).toEqual(['a', 'a']);
      expect(transport.stats()).toMatchObject({ dropped: { invalid: 2 }, callbackFailures: { format: 2 } });
      expect(warnings.map(({ code }) => code)).toEqual(['ERR_CALLBACK_FAILED', 'ERR_RECORDS_DROPPED']);
      expect(warnings[0]?.message).toContain(`the format function`);
      expect(warnings[0]?.message).toContain(told);
      expectLaw(transport);
    },
  );

  it.each([false, null, undefined, 0])('that returns %s keeps the record out', async (nothing) => {
    const { transport, logger, values } = await piped({ format: { transform: () => nothing } as never });
    logger.info('a');
    expect(await values()).toEqual([]);
    expect(transport.stats()).toMatchObject({ accepted: 0, suppressed: { filtered: 1 } });
  });

  it('gets the options that winston’s formats carry', async () => {
    const stamped = winston.format((info, options) => ({ ...info, ...(options as object) }));
    const { logger, values } = await piped({
      format: winston.format.combine(stamped({ service: 'shop' }), winston.format.json()),
    });
    logger.info('a');
    expect((await values()).map((value) => JSON.parse(value))).toEqual([
      { level: 'info', message: 'a', service: 'shop' },
    ]);
  });

  it('that builds a new info, without the text, has it written as JSON', async () => {
    const { logger, values } = await piped({
      format: {
        transform: ({ level, message }: winston.Logform.TransformableInfo) => ({ level, message }),
      } as never,
    });
    logger.info('a');
    expect(await values()).toEqual(['{"level":"info","message":"a"}']);
  });
});

describe('an error that is logged', () => {
  it('arrives with what the logger’s format makes of it', async () => {
    const { format } = winston;
    const { logger, values } = await piped(
      {},
      { format: format.combine(format.errors({ stack: true }), format.json()) },
    );
    const error = new TypeError('boom');
    logger.error(error);
    logger.error('context', error);
    const [bare, inContext] = (await values()).map((value) => JSON.parse(value));
    expect(bare).toMatchObject({ level: 'error', message: 'boom', stack: error.stack });
    expect(inContext).toMatchObject({ level: 'error', message: 'context boom', stack: error.stack });
  });
});
