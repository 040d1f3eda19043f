import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import winston from 'winston';
import type { KafkaTransport, KafkaTransportError } from '../../lib/index.ts';
import { kafkaOf } from '../../testing/broker/kafkajs-client.ts';
import { loggerWith, numbered, plain, startCluster, TOPIC, transportTo } from '../support/harness.ts';
import { gate } from './fixtures/gate.ts';

function loggerOf(options: winston.LoggerOptions): winston.Logger {
  return winston.createLogger({ format: plain(), ...options });
}

async function arrived(
  transport: KafkaTransport,
  cluster: { values(topic: string): string[] },
): Promise<string[]> {
  // A logger's records go through its pipe in the next turn, when it has just begun to flow.
  await new Promise(setImmediate);
  await transport.flush(Infinity);
  return cluster.values(TOPIC);
}

describe('a transport that is removed and added again', () => {
  it('takes records, with the level and the levels of the logger it is on', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const logger = loggerOf({ level: 'warn', transports: [transport] });
    logger.warn('first');
    await arrived(transport, cluster);
    logger.remove(transport);
    expect(transport.parent).toBe(null);
    logger.warn('nobody has it');
    logger.add(transport);
    expect(transport).toMatchObject({ parent: logger, levels: logger.levels });
    logger.info('below the level');
    logger.warn('second');
    await new Promise(setImmediate);
    const other = loggerOf({ level: 'notice', levels: winston.config.syslog.levels });
    logger.remove(transport);
    other.add(transport);
    other.notice('third');
    other.info('below that level');
    expect((await arrived(transport, cluster)).filter((value) => value !== 'nobody has it')).toEqual([
      'first',
      'second',
      'third',
    ]);
    expect(transport).toMatchObject({ parent: other, levels: winston.config.syslog.levels });
  });

  it('goes on where it was added twice, and removed once', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const logger = loggerOf({ transports: [transport] });
    logger.add(transport);
    logger.remove(transport);
    expect(transport.parent).toBe(logger);
    logger.info('after that');
    expect(await arrived(transport, cluster)).toEqual(['after that']);
    logger.remove(transport);
    expect(transport.parent).toBe(null);
    await transport.close();
    expect(transport.stats()).toMatchObject({ state: 'closed', delivered: 1, dropped: { closed: 0 } });
  });

  it('again and again leaves no listener behind', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const logger = loggerOf({ transports: [transport] });
    const count = () =>
      [transport, logger].map((emitter) => emitter.eventNames().map((name) => emitter.listenerCount(name)));
    const before = [count(), transport.getMaxListeners()];
    for (const message of numbered(20)) {
      logger.remove(transport);
      logger.add(transport);
      logger.info(message);
    }
    expect([count(), transport.getMaxListeners()]).toEqual(before);
    expect(await arrived(transport, cluster)).toEqual(numbered(20));
  });

  it('lets configure() of the same transport lose nothing, done twice in a turn too', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const logger = loggerOf({ transports: [transport] });
    for (const round of [0, 1, 2]) {
      for (const message of numbered(50, `round ${round}`)) logger.info(message);
      await new Promise(setImmediate);
      logger.configure({ format: plain(), transports: [transport] });
      logger.configure({ format: plain(), level: 'info', transports: [transport] });
    }
    logger.info('last');
    const expected = [0, 1, 2].flatMap((round) => numbered(50, `round ${round}`));
    expect(await arrived(transport, cluster)).toEqual([...expected, 'last']);
    expect(transport.stats()).toMatchObject({ state: 'up', dropped: { closed: 0 } });
  });

  it('loses nothing when an earlier close ends while a later one is still flushing', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const logger = loggerOf({ transports: [transport] });
    const held = gate();
    cluster.inject({ api: 'Produce', action: { hold: held.opened } });
    logger.info('before the first close');
    await cluster.until(() => cluster.count(TOPIC) === 1);
    const first = transport.close();
    logger.remove(transport);
    logger.add(transport);
    await new Promise(setImmediate);
    logger.info('after it was added again');
    await new Promise(setImmediate);
    logger.remove(transport);
    held.open();
    await first;
    await transport.close();
    expect(cluster.values(TOPIC)).toEqual(['before the first close', 'after it was added again']);
    expect(transport.stats()).toMatchObject({ delivered: 2, dropped: { closed: 0 } });
  });

  it('sends what comes in while the connection of a close is still going', async () => {
    const cluster = await startCluster();
    const kafka = kafkaOf(cluster);
    const held = gate();
    const producer = () => {
      const own = kafka.producer();
      return {
        connect: () => own.connect(),
        send: (record: Parameters<typeof own.send>[0]) => own.send(record),
        disconnect: async () => {
          await held.opened;
          await own.disconnect();
        },
      };
    };
    const transport = transportTo(cluster, { producer });
    const logger = loggerOf({ transports: [transport] });
    logger.info('first');
    await arrived(transport, cluster);
    logger.remove(transport);
    logger.add(transport);
    await new Promise(setImmediate);
    logger.remove(transport);
    const closed = transport.close();
    await new Promise(setImmediate);
    logger.add(transport);
    await new Promise(setImmediate);
    logger.info('second');
    // Longer than it lingers: it has been looked at, and there was no connection to be had.
    await new Promise((resolve) => setTimeout(resolve, 10));
    held.open();
    await closed;
    await cluster.until(() => cluster.count(TOPIC) === 2);
    expect(cluster.values(TOPIC)).toEqual(['first', 'second']);
  });
});

describe('one transport on two loggers', () => {
  it('goes by the level of the logger that a record comes from, and by its table of levels', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const npm = loggerOf({ level: 'error', transports: [transport] });
    const syslog = loggerOf({
      level: 'notice',
      levels: winston.config.syslog.levels,
      transports: [transport],
    });
    npm.warn('npm warn, too low');
    npm.error('npm error');
    syslog.info('syslog info, too low');
    syslog.notice('syslog notice');
    npm.level = 'debug';
    npm.debug('npm debug');
    expect(await arrived(transport, cluster)).toEqual(['npm error', 'syslog notice', 'npm debug']);
  });

  it('with a level of its own still goes by the table of the logger that a record comes from', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { level: 'info' });
    const npm = loggerOf({ level: 'silly', transports: [transport] });
    const syslog = loggerOf({
      level: 'debug',
      levels: winston.config.syslog.levels,
      transports: [transport],
    });
    syslog.notice('notice: a level that npm does not have');
    syslog.warning('warning: neither');
    syslog.debug('too low');
    npm.http('too low');
    npm.warn('warn: a level that syslog does not have');
    expect(await arrived(transport, cluster)).toEqual([
      'notice: a level that npm does not have',
      'warning: neither',
      'warn: a level that syslog does not have',
    ]);
  });

  const leaves: Record<string, (logger: winston.Logger, transport: KafkaTransport) => unknown> = {
    'has it removed': (logger, transport) => logger.remove(transport),
    'is closed': (logger) => logger.close(),
    'is cleared': (logger) => logger.clear(),
    'is configured anew': (logger) => logger.configure({ transports: [] }),
    'is ended': (logger) => once(logger.end(), 'finish'),
    'is ended twice': (logger) => once(logger.end().end(), 'finish'),
  };

  describe.each(Object.entries(leaves))('of which one %s', (_, leave) => {
    it.each([0, 1])('goes on with the other (logger %i goes)', async (index) => {
      const cluster = await startCluster();
      const transport = transportTo(cluster);
      const loggers = [loggerOf({ transports: [transport] }), loggerOf({ transports: [transport] })];
      const [going, staying] = index === 0 ? loggers : loggers.toReversed();
      going?.info('going');
      staying?.info('staying 1');
      await new Promise(setImmediate);
      await leave(going as winston.Logger, transport);
      expect(going?.transports).toEqual([]);
      expect(staying?.transports).toEqual([transport]);
      expect(transport).toMatchObject({ parent: staying, levels: staying?.levels });
      staying?.info('staying 2');
      expect((await arrived(transport, cluster)).toSorted()).toEqual(['going', 'staying 1', 'staying 2']);
      expect(transport.stats().state).toBe('up');
      await once(staying?.end() as winston.Logger, 'finish');
      expect(transport.stats().state).toBe('closed');
    });
  });

  it('delivers what the last one has logged when it ends while the other is still ending', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const one = loggerOf({ transports: [transport] });
    const two = loggerOf({ transports: [transport] });
    const held = gate();
    cluster.inject({ api: 'Produce', action: { hold: held.opened } });
    one.info('one');
    await new Promise(setImmediate);
    one.end();
    await cluster.until(() => cluster.count(TOPIC) === 1);
    for (const message of numbered(5, 'two')) two.info(message);
    await new Promise(setImmediate);
    const finished = once(two, 'finish');
    two.end();
    held.open();
    await finished;
    expect(cluster.values(TOPIC)).toEqual(['one', ...numbered(5, 'two')]);
    expect(transport.stats()).toMatchObject({ delivered: 6 });
  });

  it('or on fifteen has Node warn of no leak, also when they end at a time, and one of the application still does', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    const loggers = numbered(15).map(() => loggerOf({ transports: [transport] }));
    for (const [at, logger] of loggers.entries()) logger.info(`record ${at}`);
    expect(await arrived(transport, cluster)).toEqual(numbered(15));
    // winston listens for `finish` once more on each that ends.
    const [ending, others] = [loggers.slice(0, 12), loggers.slice(12)];
    const ends = ending.map((logger) => once(logger, 'finish'));
    for (const logger of ending) logger.end();
    await Promise.all(ends);
    for (const logger of others) logger.remove(transport);
    expect(warnings).toEqual([]);
    for (const _ of numbered(13)) transport.on('logged', () => undefined);
    await new Promise(setImmediate);
    process.off('warning', onWarning);
    expect(warnings.map(({ name }) => name)).toEqual(['MaxListenersExceededWarning']);
  });
});

describe('a logger that has no such level', () => {
  it('is told of, once, when somebody can listen', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { level: 'http' });
    const logger = loggerOf({ levels: winston.config.syslog.levels, transports: [transport] });
    const warn = vi.fn();
    logger.on('warn', warn);
    loggerWith(transport);
    await new Promise(setImmediate);
    expect(warn).toHaveBeenCalledTimes(1);
    const [error] = warn.mock.calls[0] as [KafkaTransportError];
    expect(error).toMatchObject({ code: 'ERR_MISMATCH', message: expect.stringContaining('"http"') });
    expect(error.message).toContain('emerg, alert');
  });
});
