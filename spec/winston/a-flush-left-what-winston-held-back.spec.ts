// A transport that pushes back holds up all others of its logger: what is logged meanwhile waits in winston. A flush knew nothing
// of that, so `await transport.flush()` before `process.exit()` lost it, without a word.
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import winston from 'winston';
import { whileReadByHand } from '../../lib/winston/workarounds.ts';
import {
  Collecting,
  loggerWith,
  numbered,
  plain,
  Slow,
  Stuck,
  startCluster,
  TOPIC,
  transportTo,
} from '../support/harness.ts';

describe.each(['flush', 'close'] as const)('%s() beside a slow sibling', (method) => {
  it('delivers what its logger had taken before, beyond the 32 that winston has room for', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const logger = loggerWith(transport, new Slow());
    for (const message of numbered(60)) logger.info(message);
    expect(await transport[method]()).toEqual({ delivered: 60, dropped: 0, pending: 0 });
    expect(cluster.values(TOPIC)).toEqual(numbered(60));
  });

  it('of two loggers, too', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const [fast, slow] = [loggerWith(transport), loggerWith(transport, new Slow())];
    for (const message of numbered(60)) slow.info(message);
    const done = transport[method]();
    for (const message of numbered(60, 'fast')) fast.info(message);
    await done;
    expect(cluster.values(TOPIC)).toEqual(expect.arrayContaining(numbered(60)));
  });
});

describe('flush()', () => {
  it('delivers all, where a sibling has stopped', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { batch: { lingerMs: 60_000 } });
    const logger = loggerWith(new Stuck(), transport);
    for (const message of numbered(260)) logger.info(message);
    expect(transport.stats().accepted).toBe(1);
    expect(await transport.flush(Infinity)).toEqual({ delivered: 260, dropped: 0, pending: 0 });
    expect(cluster.values(TOPIC)).toEqual(numbered(260));
  });

  it('leaves a slow sibling with all of its records, and none of the transports stalled', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const [slow, other] = [new Slow(), new Collecting()];
    const logger = loggerWith(slow, transport, other);
    for (const message of numbered(60)) logger.info(message);
    await transport.flush();
    expect(transport.stats().delivered).toBe(60);
    expect(Object.hasOwn(slow, 'write')).toBe(false);
    for (const message of numbered(60, 'later')) logger.info(message);
    await slow.has(120);
    const finished = once(logger, 'finish');
    logger.end();
    await finished;
    const all = [...numbered(60), ...numbered(60, 'later')];
    expect(slow.messages).toEqual(all);
    expect(other.messages).toEqual(all);
    expect(cluster.values(TOPIC)).toEqual(all);
  });

  it('does not wait for what the format of the logger keeps out', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const isWanted = winston.format((info) => (String(info.message).startsWith('record') ? info : false));
    const format = winston.format.combine(isWanted(), plain());
    const logger = winston.createLogger({ format, transports: [transport, new Slow()] });
    for (const message of [...numbered(40), ...numbered(5, 'private')]) logger.info(message);
    await transport.flush(Number.POSITIVE_INFINITY);
    expect(cluster.values(TOPIC)).toEqual(numbered(40));
  });

  it('inside a log call does not wait for the next one', async () => {
    const cluster = await startCluster();
    let flushed: Promise<unknown> | undefined;
    const transport = transportTo(cluster, {
      topic: () => {
        flushed = transport.flush(Number.POSITIVE_INFINITY);
        return TOPIC;
      },
    });
    loggerWith(transport).info('the only one');
    await flushed;
    await transport.flush();
    expect(cluster.values(TOPIC)).toEqual(['the only one']);
  });
});

it('removed from the logger, after it was added to a child of it, the transport lost them', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster);
  const logger = loggerWith(new Slow());
  logger.child({}).add(transport);
  for (const message of numbered(60)) logger.info(message);
  logger.remove(transport);
  await transport.close();
  expect(cluster.values(TOPIC)).toEqual(numbered(60));
});

it('a sibling that was added twice kept a write of its own for good', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster);
  const sibling = new Slow();
  const logger = loggerWith(sibling, transport);
  logger.add(sibling);
  for (const message of numbered(60)) logger.info(message);
  await transport.flush();
  expect(Object.hasOwn(sibling, 'write')).toBe(false);
});

it('a sibling that threw at a record which it was given later ended the process', async () => {
  const given: unknown[] = [];
  const sibling = {
    _writableState: { bufferProcessing: true },
    write(info: unknown): never {
      given.push(info);
      throw new Error('as the spec wants it');
    },
  };
  whileReadByHand([sibling], () => void sibling.write('one'));
  expect(given).toEqual([]);
  await new Promise(setImmediate);
  expect(given).toEqual(['one']);
});

it('logger.remove() lost them, too', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster);
  const other = new Collecting();
  const logger = loggerWith(new Slow(), transport, other);
  for (const message of numbered(60)) logger.info(message);
  logger.remove(transport);
  await transport.close();
  expect(cluster.values(TOPIC)).toEqual(numbered(60));
  expect(other.messages).toEqual(numbered(60));
});

it('removed while a sibling takes several records at once, it had that sibling lose the rest, and the logger stand still', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster);
  class Removing extends Collecting {
    override log(info: winston.Logform.TransformableInfo, next: () => void): void {
      this.infos.push(info);
      if (this.infos.length === 3) logger.remove(transport);
      setImmediate(next);
    }
  }
  const [removing, other] = [new Removing(), new Collecting()];
  const logger = loggerWith(removing, transport, other);
  for (const message of numbered(40)) logger.info(message);
  await vi.waitUntil(() => transport.stats().accepted === 40);
  await vi.waitUntil(() => removing.infos.length === 40);
  for (const message of numbered(5, 'later')) logger.info(message);
  await vi.waitUntil(() => removing.infos.length === 45);
  expect(removing.messages).toEqual([...numbered(40), ...numbered(5, 'later')]);
  expect(other.messages).toEqual(removing.messages);
  await transport.close();
  expect(cluster.values(TOPIC)).toEqual(numbered(40));
});

/** A sibling that is no winston transport: below its high-water mark it does not push back, and still owes a `drain`. */
class Plain extends Writable {
  readonly messages: string[] = [];
  readonly calls: (() => void)[] = [];

  constructor() {
    super({ objectMode: true, highWaterMark: 16 });
  }

  log(): void {}

  override _write(info: winston.Logform.TransformableInfo, _: BufferEncoding, next: () => void): void {
    this.messages.push(String(info.message));
    this.calls.push(next);
  }

  /** Takes the next ones. */
  async take(count: number): Promise<void> {
    for (let left = count; left > 0; left--) {
      this.calls.shift()?.();
      await new Promise(setImmediate);
    }
  }
}

it('the logger stood still afterwards, where the sibling that had pushed back was taken off', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster);
  const [sibling, other] = [new Plain(), new Collecting()];
  const logger = loggerWith(sibling as never, other, transport);
  for (const message of numbered(20)) logger.info(message);
  await sibling.take(10);
  await transport.flush();
  logger.remove(sibling as never);
  for (const message of numbered(5, 'later')) logger.info(message);
  await new Promise(setImmediate);
  expect(other.messages).toEqual([...numbered(20), ...numbered(5, 'later')]);
});

it.each(['clear', 'close'] as const)(
  'logger.%s() lost them, too, and gives none to a sibling that has ended',
  async (method) => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const slow = new Slow();
    const logger = loggerWith(transport, slow);
    const onError = vi.fn();
    logger.on('error', onError);
    for (const message of numbered(20)) logger.info(message);
    slow.end();
    logger[method]();
    await transport.close();
    expect(cluster.values(TOPIC)).toEqual(numbered(20));
    expect(onError).not.toHaveBeenCalled();
    expect(logger.transports).toEqual([]);
  },
);

it.each(['clear', 'close'] as const)(
  'logger.%s() had winston print those that had not been through its formats, as if no transport had them',
  async (method) => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const logger = loggerWith(transport, new Slow());
    const printed = vi.spyOn(console, 'error').mockReturnValue();
    onTestFinished(() => printed.mockRestore());
    for (const message of numbered(60)) logger.info(message);
    logger[method]();
    await transport.close();
    expect(cluster.values(TOPIC)).toEqual(numbered(60));
    expect(printed).not.toHaveBeenCalled();
    logger.info('nobody has it');
    expect(printed).toHaveBeenCalledOnce();
  },
);

it.each<[string, (logger: winston.Logger) => unknown]>([
  ['clear', (logger) => logger.clear()],
  ['close', (logger) => logger.close()],
  ['configure', (logger) => logger.configure({ transports: [new Collecting()] })],
])(
  'logger.%s() gave them to the first of its Kafka transports only; those after it, and siblings, lost them',
  async (_name, letGo) => {
    const cluster = await startCluster({ topics: { a: 1, b: 1 } });
    const transports = [transportTo(cluster, { topic: 'a' }), transportTo(cluster, { topic: 'b' })] as const;
    const [slow, other] = [new Slow(), new Collecting()];
    const logger = loggerWith(transports[0], slow, transports[1], other);
    for (const message of numbered(60)) logger.info(message);
    letGo(logger);
    for (const transport of transports) await transport.close();
    expect(cluster.values('a')).toEqual(numbered(60));
    expect(cluster.values('b')).toEqual(numbered(60));
    expect(other.messages).toEqual(numbered(60));
    await slow.has(60);
    for (const name of ['unpipe', 'write', 'push']) expect(Object.hasOwn(logger, name)).toBe(false);
  },
);

it('a closed transport, or one that does not want the record, is not watched for again', async () => {
  const transport = transportTo(await startCluster(), { level: 'error' });
  const logger = loggerWith(new Stuck(), transport);
  const listeners = (): number => process.listenerCount('exit');
  const before = listeners();
  for (const message of numbered(20)) logger.info(message);
  expect(listeners()).toBe(before);
  await transport.close();
  logger.error('late');
  expect(listeners()).toBe(before);
});
