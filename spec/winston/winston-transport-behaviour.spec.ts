// What winston-transport's own tests expect of a transport (https://github.com/winstonjs/winston-transport, test/),
// as specs of ours: through `write`, with a parent that is no winston logger.
import { Transform } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import winston from 'winston';
import TransportStream from 'winston-transport';
import { KafkaTransport } from '../../lib/index.ts';
import { startCluster, TOPIC, transportTo } from '../support/harness.ts';
import { type Info, infoOf } from './fixtures/infos.ts';

const LEVELS = { error: 0, warn: 1, dog: 2, cat: 3, info: 4, verbose: 5, silly: 6, parrot: 7 };
const ORDER = Object.keys(LEVELS);

/** A stream with levels that passes on what it gets. */
class Parent extends Transform {
  readonly levels = LEVELS;
  readonly level: string;

  constructor(level: string) {
    super({ objectMode: true });
    this.level = level;
  }

  override _transform(info: unknown, _encoding: BufferEncoding, callback: () => void): void {
    this.push(info);
    callback();
  }
}

async function transportAndValues(options: Parameters<typeof transportTo>[1] = {}) {
  const cluster = await startCluster();
  const transport = transportTo(cluster, options);
  const values = async (): Promise<string[]> => {
    await transport.flush(Infinity);
    return cluster.values(TOPIC);
  };
  return { transport, values };
}

function accepts(transport: KafkaTransport, info: Info): boolean {
  const { _accept } = transport as unknown as { _accept(write: { chunk: Info }): boolean };
  return _accept.call(transport, { chunk: info });
}

describe('a transport, as winston-transport has it', () => {
  it('is one, and a stream of objects', async () => {
    const { transport } = await transportAndValues();
    expect(transport).toBeInstanceOf(TransportStream);
    expect(transport).toMatchObject({ _writableState: { objectMode: true } });
  });

  it('hands what is written to log(), as it is', async () => {
    const { transport } = await transportAndValues();
    const log = vi.spyOn(transport, 'log');
    const info = infoOf('Testing ... 1 2 3.', 'test');
    transport.write(info);
    expect(log.mock.calls[0]?.[0]).toBe(info);
  });

  it('takes every level when it has none', async () => {
    const { transport, values } = await transportAndValues();
    for (const level of ORDER) transport.write(infoOf(level, level));
    expect(await values()).toEqual(ORDER);
  });

  it('takes only what is of its level or more severe', async () => {
    const { transport, values } = await transportAndValues({ level: 'info' });
    transport.levels = LEVELS;
    for (const level of ORDER) transport.write(infoOf(level, level));
    expect(await values()).toEqual(['error', 'warn', 'dog', 'cat', 'info']);
    expect(ORDER.filter((level) => accepts(transport, infoOf(level, level)))).toEqual(ORDER.slice(0, 5));
  });

  it('takes no exception unless it handles them', async () => {
    const { transport, values } = await transportAndValues();
    transport.write(infoOf('Test exception handling', 'error', { exception: true }));
    transport.write(infoOf('ordinary'));
    expect(await values()).toEqual(['ordinary']);
    expect(accepts(transport, infoOf('a', 'error', { exception: true }))).toBe(false);
  });

  it('takes exceptions of all levels when it handles them', async () => {
    const { transport, values } = await transportAndValues({ handleExceptions: true, level: 'info' });
    transport.levels = LEVELS;
    for (const level of ORDER) transport.write(infoOf(level, level, { exception: true }));
    expect(await values()).toEqual(ORDER);
  });

  describe('with a parent', () => {
    it('knows it, and its levels, from "pipe" on; not from "unpipe" on, which closes it', async () => {
      const { transport } = await transportAndValues();
      const close = vi.spyOn(transport, 'close');
      const parent = new Parent('info');
      parent.pipe(transport);
      expect(transport).toMatchObject({ parent, levels: LEVELS });
      parent.unpipe(transport);
      expect(transport.parent).toBe(null);
      expect(close).toHaveBeenCalledTimes(1);
    });

    it('goes by its level, which may change', async () => {
      const { transport, values } = await transportAndValues();
      const parent = new Parent('warn');
      parent.pipe(transport);
      for (const level of ORDER) parent.write(infoOf(level, level));
      await new Promise(setImmediate);
      Object.assign(parent, { level: 'silly' });
      parent.write(infoOf('silly now', 'silly'));
      await new Promise(setImmediate);
      expect(await values()).toEqual(['error', 'warn', 'silly now']);
    });

    it('prefers a level of its own', async () => {
      const { transport, values } = await transportAndValues({ level: 'error' });
      const parent = new Parent('silly');
      parent.pipe(transport);
      for (const level of ORDER) parent.write(infoOf(level, level));
      await new Promise(setImmediate);
      expect(transport.level).toBe('error');
      expect(await values()).toEqual(['error']);
    });

    it('that ends, it ends', async () => {
      const { transport, values } = await transportAndValues();
      const parent = new Parent('info');
      parent.pipe(transport);
      const finish = new Promise((resolve) => transport.once('finish', resolve));
      parent.end(infoOf('the last'));
      await finish;
      expect(await values()).toEqual(['the last']);
    });
  });

  describe('with a format', () => {
    it('logs what it makes, and leaves the info alone', async () => {
      const { transport, values } = await transportAndValues({ format: winston.format.json() });
      const log = vi.spyOn(transport, 'log');
      const info = infoOf('there will be json');
      const before = { ...info };
      transport.write(info);
      expect(log.mock.calls[0]?.[0]).not.toBe(info);
      expect(info).toEqual(before);
      expect(await values()).toEqual(['{"level":"info","message":"there will be json"}']);
    });

    it('logs nothing where it returns false', async () => {
      const hidePrivate = winston.format((info) => (info.private === true ? false : info));
      const { transport, values } = await transportAndValues({ format: hidePrivate() });
      for (const level of ORDER) transport.write(infoOf(level, level, { private: level !== 'parrot' }));
      expect(await values()).toEqual(['parrot']);
      expect(transport.stats().suppressed.filtered).toBe(ORDER.length - 1);
    });
  });

  it('logs nothing while it is silent', async () => {
    const { transport, values } = await transportAndValues({ silent: true, handleExceptions: true });
    transport.write(infoOf('a'));
    transport.write(infoOf('b', 'error', { exception: true }));
    expect(accepts(transport, infoOf('c'))).toBe(false);
    expect(await values()).toEqual([]);
    expect(transport.stats().accepted).toBe(0);
  });
});

describe('a subclass', () => {
  it('may bring a log() of its own', async () => {
    const cluster = await startCluster();
    const seen: unknown[] = [];
    class Seeing extends KafkaTransport {
      override log(info: Info, callback?: () => void): boolean {
        seen.push(info.message);
        return super.log(info, callback);
      }
    }
    const transport = new Seeing({ topic: TOPIC, kafka: { brokers: cluster.addresses } });
    transport.write(infoOf('a'));
    await transport.close();
    expect(seen).toEqual(['a']);
    expect(cluster.values(TOPIC)).toEqual(['a']);
  });
});
