import { describe, expect, it, vi } from 'vitest';
import * as first from '../../../lib/index.ts';
import { Collecting, loggerWith, numbered, startCluster, TOPIC, tracked } from '../../support/harness.ts';
import { bounded, expectNoLoop } from '../../support/loops.ts';

/** Another copy, as the CommonJS build beside the ESM one, or a second version deeper in node_modules. */
async function anotherCopy(): Promise<typeof first> {
  vi.resetModules();
  return await import('../../../lib/index.ts');
}

const SHORT = { batch: { lingerMs: 1 }, clientLog: { level: 'nothing' } } as const;

describe('two copies of the package in one process', () => {
  it('have one flag, in both of its halves', async () => {
    const second = await anotherCopy();
    expect(second.KafkaTransport).not.toBe(first.KafkaTransport);
    expect(first.runGuarded(() => second.isGuarded())).toBe(true);
    expect(second.runGuarded(() => first.isGuarded())).toBe(true);
    const later = await first.runGuarded(async () => {
      await null;
      return second.isGuarded();
    });
    expect(later).toBe(true);
    expect([first.isGuarded(), second.isGuarded()]).toEqual([false, false]);
  });

  it("keep each other's callbacks' records out", async () => {
    const second = await anotherCopy();
    const cluster = await startCluster({ topics: { [TOPIC]: 1, audit: 1 } });
    const sibling = new Collecting();
    const logger = loggerWith(sibling);
    const log = bounded((what: string) => logger.info(what));
    const kafka = { brokers: cluster.addresses };
    const transport = tracked(
      new first.KafkaTransport({
        topic: TOPIC,
        kafka,
        ...SHORT,
        key: ({ message }) => {
          log(`first, key of ${message}`);
          return null;
        },
      }),
    );
    const other = tracked(
      new second.KafkaTransport({
        topic: ({ message }) => {
          log(`second, topic of ${message}`);
          return 'audit';
        },
        kafka,
        ...SHORT,
      }),
    );
    other.on('logged', ({ message }) => log(`second, logged ${message}`));
    logger.add(transport).add(other);
    const app = numbered(20);
    for (const message of app) logger.info(message);
    await other.flush(Infinity);
    const kinds = ['first, key of', 'second, topic of', 'second, logged'];
    const reentrant = app.flatMap((message) => kinds.map((kind) => `${kind} ${message}`));
    await expectNoLoop({ cluster, transport, sibling, app, reentrant });
    await expectNoLoop({ cluster, transport: other, sibling, app, reentrant, topic: 'audit' });
  });

  it.each([
    ['first, then the other', [0, 1]],
    ['last, before the other', [1, 0]],
  ])('leave the logger as it was, removed %s', async (_, order) => {
    const second = await anotherCopy();
    const cluster = await startCluster();
    const options = { topic: TOPIC, kafka: { brokers: cluster.addresses }, ...SHORT };
    const transports = [new first.KafkaTransport(options), new second.KafkaTransport(options)].map(tracked);
    const logger = loggerWith(new Collecting());
    for (const transport of transports) logger.add(transport);
    expect(Object.hasOwn(logger, 'write')).toBe(true);
    for (const at of order) {
      const transport = transports[at];
      if (transport !== undefined) logger.remove(transport);
    }
    for (const name of ['write', '_transform', 'push']) expect(Object.hasOwn(logger, name)).toBe(false);
  });

  it('do not lose the call site that one of them wants to what the other wants to know', async () => {
    const second = await anotherCopy();
    const cluster = await startCluster();
    const options = { topic: TOPIC, kafka: { brokers: cluster.addresses }, ...SHORT };
    const functions: string[] = [];
    const sited = tracked(
      new second.KafkaTransport({ ...options, filter: (record) => functions.push(record.function) > 0 }),
    );
    const onTwoLoggers = tracked(new first.KafkaTransport({ ...options, topic: TOPIC }));
    const logger = loggerWith(onTwoLoggers, sited);
    loggerWith(onTwoLoggers);
    (function namedFunction() {
      logger.info('a record');
    })();
    await sited.flush(Infinity);
    expect(functions).toEqual(['namedFunction']);
  });
});
