// What is left out of Kafka because there is too much of it, or because nobody may read it.
import { describe, expect, it } from 'vitest';
import winston from 'winston';
import { otlpJson } from '../../../lib/formats.ts';
import type { Undelivered } from '../../../lib/index.ts';
import {
  Collecting,
  expectLaw,
  loggerWith,
  numbered,
  startCluster,
  TOPIC,
  transportTo,
} from '../../support/harness.ts';
import { warningsOf } from '../faults/rig.ts';

describe('sample and rateLimit', () => {
  it('leave records out, count and tell them, and never an error', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { sample: { rate: { debug: 0, info: 0.5 }, seed: 1 } });
    const other = new Collecting();
    const logger = loggerWith(transport, other);
    for (let at = 0; at < 200; at++)
      for (const level of ['debug', 'info', 'error']) logger.log(level, `${level} ${at}`);
    await transport.flush(Infinity);
    const { accepted, delivered, suppressed } = transport.stats();
    const infos = cluster.values(TOPIC).filter((value) => value.startsWith('info')).length;
    expect(infos).toBeGreaterThan(60);
    expect(infos).toBeLessThan(140);
    expect(cluster.values(TOPIC).filter((value) => value.startsWith('error'))).toEqual(
      numbered(200, 'error'),
    );
    expect(suppressed).toEqual({ reentrant: 0, filtered: 0, loop: 0, sampled: 400 - infos });
    expect([accepted, delivered]).toEqual([200 + infos, 200 + infos]);
    expect(other.messages.length).toBe(600);
    expectLaw(transport);
    await transport.close();
    const notice = JSON.parse(cluster.values(TOPIC).at(-1) ?? '');
    expect(notice).toEqual({
      level: 'info',
      message: `winston-kafkajs: ${400 - infos} records were left out by sample or rateLimit: debug 200, info ${200 - infos}`,
      sampled: { total: 400 - infos, debug: 200, info: 200 - infos },
    });
    expect(transport.stats()).toMatchObject({ accepted: 201 + infos, delivered: 201 + infos });
  });

  it('keep the most severe level, where none is called error', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { sample: 0, dropNotice: false });
    const levels = { critical: 1, major: 2, minor: 3 };
    const logger = winston.createLogger({ levels, level: 'minor', transports: [transport] });
    for (const level of Object.keys(levels)) logger.log(level, level);
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(['{"level":"critical","message":"critical"}']);
  });

  it('leave out what is most of a flood, and not what is rare', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { rateLimit: { maxRecords: 3, perMs: 3_600_000 } });
    const logger = loggerWith(transport);
    for (let at = 0; at < 50; at++) logger.info(`connection ${at} refused`);
    logger.info('the disk is nearly full');
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual([
      ...[0, 1, 2].map((at) => `connection ${at} refused`),
      'the disk is nearly full',
    ]);
    expect(transport.stats().suppressed.sampled).toBe(47);
    expectLaw(transport);
  });

  it('are asked after the filter', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, {
      filter: ({ message }) => message !== 'no',
      rateLimit: { maxRecords: 1, perMs: 3_600_000, by: 'level' },
    });
    const logger = loggerWith(transport);
    for (const message of ['no', 'yes', 'no', 'more']) logger.info(message);
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(['yes']);
    expect(transport.stats().suppressed).toMatchObject({ filtered: 2, sampled: 1 });
  });
});

describe('updateOptions', () => {
  it('changes level, filter, sample and rateLimit while records come', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { level: 'info' });
    const logger = loggerWith(transport);
    const log = (name: string): void => {
      for (const level of ['debug', 'info'] as const) logger.log(level, `${level} ${name}`);
    };
    log('0');
    transport.updateOptions({ level: 'debug' });
    log('1');
    transport.updateOptions({ filter: ({ level }) => level === 'debug' });
    expect(transport.level).toBe('debug');
    log('2');
    transport.updateOptions({ sample: { debug: 0 } });
    log('3');
    transport.updateOptions({ filter: undefined });
    log('4');
    transport.updateOptions({ sample: undefined, rateLimit: 0 });
    log('5');
    transport.updateOptions({ rateLimit: undefined, level: undefined });
    log('6');
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual([
      ...['info 0', 'debug 1', 'info 1', 'debug 2', 'info 4', 'debug 6', 'info 6'],
    ]);
    expectLaw(transport);
  });

  it('what is not named goes on counting', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { rateLimit: { maxRecords: 2, perMs: 3_600_000 } });
    const logger = loggerWith(transport);
    for (let at = 0; at < 5; at++) logger.info('the same');
    transport.updateOptions({ level: 'info' });
    for (let at = 0; at < 5; at++) logger.info('the same');
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(['the same', 'the same']);
    expectLaw(transport);
  });

  it('changes nothing where one of the values is wrong', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { level: 'info' });
    expect(() => transport.updateOptions({ level: 'debug', sample: 2 })).toThrow('"sample"');
    expect(transport.level).toBe('info');
    expect(() => transport.updateOptions({ topic: 'other' } as never)).toThrow('"topic"');
  });

  it('tells of a level in a filter that the logger does not have', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const warnings = warningsOf(transport);
    const logger = winston.createLogger({ levels: { error: 0, info: 1 }, transports: [transport] });
    logger.info('x');
    await transport.flush(Infinity);
    expect(warnings).toEqual([]);
    transport.updateOptions({ filter: { '': 'http' } });
    await new Promise((resolve) => transport.once('warn', resolve));
    expect(warnings[0]?.message).toContain('http');
  });

  it.each(['sample', 'rateLimit'] as const)(
    'tells of a level in %s that the logger does not have',
    async (name) => {
      const cluster = await startCluster();
      const transport = transportTo(cluster, {
        [name]: name === 'sample' ? { inof: 0.5 } : { maxRecords: { inof: 5 } },
      });
      const warned = new Promise<Error>((resolve) => transport.once('warn', resolve));
      loggerWith(transport);
      expect((await warned).message).toMatch(`the level "inof" in ${name} is none of the logger's levels`);
    },
  );

  it('has the place of a log call captured from when a filter needs it', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const logger = loggerWith(transport);
    transport.updateOptions({ filter: (record) => record.function !== 'quiet' });
    const quiet = (): void => void logger.info('quiet');
    const loud = (): void => void logger.info('loud');
    quiet();
    loud();
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(['loud']);
  });
});

describe('redact', () => {
  const redact = ['password', 'headers.authorization'];
  const secrets = { password: 'hunter2', headers: { authorization: 'Bearer x', host: 'a' } };

  it('takes values out before anything leaves, and leaves other transports their text', async () => {
    const cluster = await startCluster();
    const seen: unknown[] = [];
    const transport = transportTo(cluster, {
      redact,
      key: ({ message, info }) => {
        seen.push(message, info);
        return null;
      },
      headers: ({ info }) => ({ password: String(info.password) }),
    });
    const other = new Collecting();
    const logger = winston.createLogger({ format: winston.format.json(), transports: [transport, other] });
    logger.info('in', secrets);
    await transport.flush(Infinity);
    const [record] = cluster.records(TOPIC);
    expect(JSON.parse(String(record?.value))).toEqual({
      level: 'info',
      message: 'in',
      password: '[REDACTED]',
      headers: { authorization: '[REDACTED]', host: 'a' },
    });
    expect(String(record?.headers.password)).toBe('[REDACTED]');
    expect(JSON.stringify(seen)).not.toMatch(/hunter2|Bearer/);
    expect(other.infos[0]).toMatchObject(secrets);
    expect(other.infos[0]?.[Symbol.for('message') as never]).toContain('hunter2');
  });

  it('takes them out of what serialize gets', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, {
      redact,
      serialize: async ({ info, message }) => JSON.stringify({ info, message }),
    });
    const logger = winston.createLogger({ format: winston.format.json(), transports: [transport] });
    logger.info('in', secrets);
    await transport.flush(Infinity);
    const [value = ''] = cluster.values(TOPIC);
    expect(value).toContain('[REDACTED]');
    expect(value).not.toMatch(/hunter2|Bearer/);
  });

  it('takes them out of what the fallback gets', async () => {
    const cluster = await startCluster();
    const undelivered: Undelivered[] = [];
    const transport = transportTo(cluster, { redact, fallback: (record) => void undelivered.push(record) });
    cluster.inject({ api: 'Produce', times: Number.POSITIVE_INFINITY, action: { error: 29 } });
    const logger = winston.createLogger({ format: winston.format.simple(), transports: [transport] });
    logger.info('in', secrets);
    await transport.flush(Infinity);
    expect(undelivered.length).toBe(1);
    expect(JSON.stringify(undelivered)).toContain('[REDACTED]');
    expect(JSON.stringify(undelivered)).not.toMatch(/hunter2|Bearer/);
  });

  it("writes into none of the application's own objects, where paths with a wildcard and without one meet", async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, {
      redact: ['password', 'user.password', '*.password', '*.*.password'],
      key: ({ level }) => level,
    });
    const logger = winston.createLogger({ transports: [transport] });
    const user = Object.freeze({ name: 'ann', credentials: { password: 'hunter2' } });
    logger.info('login', { user });
    await transport.flush(Infinity);
    expect(user.credentials.password).toBe('hunter2');
    expect(cluster.values(TOPIC)).toEqual([
      '{"level":"info","message":"login","user":{"credentials":{"password":"[REDACTED]"},"name":"ann"}}',
    ]);
  });

  it('takes out what a toJSON writes, and leaves an error its message, for serialize, too', async () => {
    const cluster = await startCluster();
    // As a document of an object mapper is: its fields are getters of the class.
    class User {
      readonly fields = { name: 'ann', password: 'hunter2' };
      get password(): string {
        return this.fields.password;
      }
      toJSON(): object {
        return { ...this.fields };
      }
    }
    const transport = transportTo(cluster, { redact: ['*.password'], serialize: otlpJson() });
    const logger = winston.createLogger({ transports: [transport] });
    logger.info('login', { user: new User(), failure: new Error('disk full') });
    await transport.flush(Infinity);
    const [value = ''] = cluster.values(TOPIC);
    expect(value).not.toContain('hunter2');
    expect(value).toContain('[REDACTED]');
    expect(value).toContain('disk full');
  });

  it.each<[string, object]>([
    [
      'a getter that throws',
      {
        get field(): string {
          throw new Error('no');
        },
      },
    ],
    [
      'a toJSON that throws',
      {
        toJSON: () => {
          throw new Error('no');
        },
      },
    ],
  ])('drops what has %s, whatever else is asked for its fields', async (_name, odd) => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { redact, dropNotice: false });
    const logger = winston.createLogger({ format: winston.format.simple(), transports: [transport] });
    const text = 'info: in hunter2';
    const info = { level: 'info', message: 'in', password: 'hunter2', [Symbol.for('message')]: text };
    transport.log(Object.defineProperties(info, Object.getOwnPropertyDescriptors(odd)));
    logger.info('next');
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(['{"level":"info","message":"next"}']);
    expect(transport.stats().dropped.invalid).toBe(1);
  });

  it('drops what cannot be redacted, and sends nothing of it', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { redact, dropNotice: false });
    const logger = loggerWith(transport);
    logger.info({
      message: 'in',
      get password(): string {
        throw new Error('no');
      },
      toJSON: () => undefined,
    } as never);
    logger.info('next');
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(['{"level":"info","message":"next"}']);
    expectLaw(transport);
  });
});
