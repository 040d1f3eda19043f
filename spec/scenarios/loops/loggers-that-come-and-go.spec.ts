import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import winston from 'winston';
import type { KafkaTransport } from '../../../lib/index.ts';
import type { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { Collecting, loggerWith, plain, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { bounded, expectNoLoop } from '../../support/loops.ts';

interface Stage {
  readonly cluster: BrokerCluster;
  readonly transport: KafkaTransport;
  readonly sibling: Collecting;
  /** The logger that the callbacks log to. */
  chatter: winston.Logger;
}

/** A transport whose key function logs. */
async function stage(): Promise<Stage> {
  const cluster = await startCluster();
  const sibling = new Collecting();
  const log = bounded((what: string) => void self.chatter.info(what));
  const transport = transportTo(cluster, {
    key: ({ message }) => {
      log(`key of ${message}`);
      return null;
    },
  });
  const self: Stage = { cluster, transport, sibling, chatter: loggerWith(sibling) };
  return self;
}

const keysOf = (app: readonly string[]): string[] => app.map((message) => `key of ${message}`);

const NAMES = ['write', '_transform', 'push'] as const;

function expectUntouched(logger: winston.Logger): void {
  for (const name of NAMES) expect(Object.hasOwn(logger, name)).toBe(false);
}

describe('the default logger', () => {
  it('is guarded after winston.add, through winston.info and a child of it', async () => {
    const { cluster, transport, sibling, ...rest } = await stage();
    rest.chatter.clear();
    winston.configure({ level: 'silly', format: plain(), transports: [sibling] });
    onTestFinished(() => void winston.clear());
    const log = bounded((what: string) => void winston.info(what));
    const own = transportTo(cluster, {
      key: ({ message }) => {
        log(`key of ${message}`);
        return null;
      },
    });
    winston.add(own);
    winston.info('one');
    winston.child({ a: 1 }).info('two');
    const app = ['one', 'two'];
    await expectNoLoop({ cluster, transport: own, sibling, app, reentrant: keysOf(app) });
    winston.remove(own);
    winston.remove(sibling);
    await transport.close();
  });
});

describe('a logger', () => {
  it('is guarded again after configure, remove and add, and clear and add', async () => {
    const on = await stage();
    const { cluster, transport, sibling, chatter: logger } = on;
    logger.add(transport);
    logger.info('one');
    await transport.flush(Infinity);
    logger.configure({ level: 'silly', format: plain(), transports: [sibling, transport] });
    logger.info('two');
    await transport.flush(Infinity);
    logger.remove(transport);
    expectUntouched(logger);
    logger.add(transport);
    logger.info('three');
    await transport.flush(Infinity);
    logger.clear();
    expectUntouched(logger);
    logger.add(sibling).add(transport);
    logger.info('four');
    const app = ['one', 'two', 'three', 'four'];
    await expectNoLoop({ cluster, transport, sibling, app, reentrant: keysOf(app) });
    logger.close();
    expectUntouched(logger);
  });

  it('is guarded by a transport that was added to a child, and let go of by either', async () => {
    const { cluster, transport, sibling, chatter: logger } = await stage();
    const child = logger.child({ request: 1 });
    child.add(transport);
    child.info('child');
    logger.info('logger');
    const app = ['child', 'logger'];
    await expectNoLoop({ cluster, transport, sibling, app, reentrant: keysOf(app) });
    logger.remove(transport);
    expectUntouched(logger);
    // Nobody is left: it has closed itself.
    await cluster.until(() => transport.stats().state === 'closed');
    logger.add(transport);
    child.remove(transport);
    expectUntouched(logger);
  });

  it('loses no record that is logged while the connection of before is still closing', async () => {
    const cluster = await startCluster();
    let letGo = (): void => undefined;
    const disconnected = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let note = (): void => undefined;
    const isClosing = new Promise<void>((resolve) => {
      note = resolve;
    });
    const sent: string[] = [];
    const transport = transportTo(cluster, {
      producer: () => ({
        connect: async () => undefined,
        disconnect: () => {
          note();
          return disconnected;
        },
        send: async ({ messages }: { messages: { value: string }[] }) => {
          sent.push(...messages.map(({ value }) => value));
          return [{ topicName: TOPIC, partition: 0, errorCode: 0 }];
        },
      }),
    });
    const logger = loggerWith(new Collecting(), transport);
    logger.info('before');
    await transport.flush(Infinity);
    logger.remove(transport);
    await isClosing;
    logger.add(transport);
    const logged = once(transport, 'logged');
    logger.info('meanwhile');
    // A timer of the same length as the linger, so it fires after that one: nothing could be done there.
    await new Promise((resolve) => setTimeout(resolve, 1));
    letGo();
    await logged;
    expect(sent).toEqual(['before', 'meanwhile']);
  });
});

describe('one transport on two loggers', () => {
  it.each<[string, (logger: winston.Logger, transport: KafkaTransport) => unknown]>([
    ['removed', (logger, transport) => logger.remove(transport)],
    ['cleared', (logger) => logger.clear()],
    ['closed', (logger) => logger.close()],
    ['ended', (logger) => once(logger.end(), 'finish')],
  ])('guards both, and the one that goes on when the other is %s', async (_, leave) => {
    const on = await stage();
    const { cluster, transport, sibling, chatter: stays } = on;
    const leaves = loggerWith(new Collecting());
    stays.add(transport);
    leaves.add(transport);
    stays.info('one');
    leaves.info('two');
    await transport.flush(Infinity);
    await leave(leaves, transport);
    stays.info('three');
    const app = ['one', 'two', 'three'];
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(app);
    expect(sibling.messages.toSorted()).toEqual(['one', 'three', ...keysOf(app)].toSorted());
    expect(transport.stats()).toMatchObject({ accepted: 3, delivered: 3, suppressed: { reentrant: 3 } });
    expectUntouched(leaves);
    stays.remove(transport);
    expectUntouched(stays);
  });
});

describe('what the logger had of its own', () => {
  it('is there again after the last removal', async () => {
    const { transport, chatter: logger } = await stage();
    const other = transportTo(await startCluster());
    const own = function (this: winston.Logger, ...args: unknown[]): unknown {
      return Reflect.apply(winston.Logger.prototype.write, this, args);
    };
    Object.defineProperty(logger, 'write', {
      value: own,
      configurable: true,
      enumerable: true,
      writable: false,
    });
    const before = Object.getOwnPropertyDescriptor(logger, 'write');
    logger.add(transport).add(other);
    logger.remove(transport);
    expect(logger.write).not.toBe(own);
    logger.remove(other);
    expect(Object.getOwnPropertyDescriptor(logger, 'write')).toEqual(before);
  });

  it('stays wrapped by whoever has wrapped it meanwhile, and works', async () => {
    const { cluster, transport, sibling, chatter: logger } = await stage();
    logger.add(transport);
    const seen: unknown[] = [];
    const found = logger.write;
    const theirs = function (this: unknown, ...args: unknown[]): unknown {
      seen.push((args[0] as { message: unknown }).message);
      return Reflect.apply(found, this, args);
    };
    Object.assign(logger, { write: theirs });
    logger.info('one');
    logger.info('two');
    const app = ['one', 'two'];
    await expectNoLoop({ cluster, transport, sibling, app, reentrant: keysOf(app) });
    logger.remove(transport);
    expect(logger.write).toBe(theirs);
    logger.info('three');
    expect(sibling.messages.at(-1)).toBe('three');
    logger.add(transport);
    logger.info('four');
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(['one', 'two', 'four']);
    expect(transport.stats().suppressed.reentrant).toBe(3);
    expect(seen).toHaveLength(7);
  });

  it('may be put back over the guard, which notices with the next record', async () => {
    const { cluster, transport, sibling, chatter: logger } = await stage();
    const found = logger.write;
    Object.assign(logger, { write: (info: never) => Reflect.apply(found, logger, [info]) });
    logger.add(transport);
    logger.info('one');
    Object.assign(logger, { write: found });
    logger.info('two');
    logger.info('three');
    await transport.flush(Infinity);
    // The key of the first record after it is the price.
    expect(cluster.values(TOPIC)).toEqual(expect.arrayContaining(['one', 'two', 'three']));
    expect(transport.stats().accepted).toBeLessThanOrEqual(4);
    expect(sibling.infos.length).toBeLessThanOrEqual(7);
  });

  it('may be patched on the prototype later, as tracing does', async () => {
    const { cluster, transport, chatter: logger } = await stage();
    logger.add(transport);
    const prototype = Object.getPrototypeOf(Object.getPrototypeOf(logger));
    expect(Object.hasOwn(prototype, 'write')).toBe(false);
    const traced: unknown[] = [];
    prototype.write = function (...args: unknown[]): unknown {
      traced.push((args[0] as { message: unknown }).message);
      return Reflect.apply(Object.getPrototypeOf(prototype).write, this, args);
    };
    onTestFinished(() => void Reflect.deleteProperty(prototype, 'write'));
    logger.info('one');
    await transport.flush(Infinity);
    expect(traced).toEqual(['one', 'key of one']);
    expect(cluster.values(TOPIC)).toEqual(['one']);
  });
});
