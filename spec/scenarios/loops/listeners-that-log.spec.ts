import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  Collecting,
  loggerWith,
  numbered,
  Slow,
  startCluster,
  TOPIC,
  transportTo,
} from '../../support/harness.ts';
import { bounded, expectNoLoop, fallsSilent } from '../../support/loops.ts';

describe('a logged listener that logs', () => {
  it.each([
    ['a quick sibling', new Collecting()],
    ['a slow sibling', new Slow()],
  ])('does not have its own record shipped, and told of, beside %s', async (_, sibling) => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const logger = loggerWith(sibling, transport);
    transport.on(
      'logged',
      bounded((info: { message: string }) => logger.info(`logged ${info.message}`)),
    );
    transport.once('logged', () => logger.child({ a: 1 }).info('the first was logged'));
    const app = numbered(30);
    for (const message of app) {
      logger.info(message);
      if (message.endsWith('0')) await transport.flush(Infinity);
    }
    await fallsSilent(transport);
    const reentrant = [...app.map((message) => `logged ${message}`), 'the first was logged'];
    if (sibling instanceof Slow) await sibling.has(app.length + reentrant.length);
    await expectNoLoop({ cluster, transport, sibling, app, reentrant });
  });

  it('is outside the flag after an await of its own: that record is one like any other', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const sibling = new Collecting();
    const logger = loggerWith(sibling, transport);
    transport.once('logged', async () => {
      logger.info('before the await');
      await turn();
      logger.info('after the await');
    });
    logger.info('a record');
    await cluster.until(() => cluster.count(TOPIC) === 2);
    const app = ['a record', 'after the await'];
    await expectNoLoop({ cluster, transport, sibling, app, reentrant: ['before the await'] });
  });
});

describe('a warn listener that logs', () => {
  it('does not have its record shipped, on the transport or on the logger that forwards the event', async () => {
    const cluster = await startCluster();
    const sibling = new Collecting();
    const transport = transportTo(cluster, {
      key: () => {
        throw new Error('no key');
      },
    });
    const logger = loggerWith(sibling, transport);
    transport.on(
      'warn',
      bounded((error: Error) => logger.warn(`transport: ${error.name}`)),
    );
    logger.on(
      'warn',
      bounded((error: Error) => logger.warn(`logger: ${error.name}`)),
    );
    logger.info('a record');
    const reentrant = ['transport: KafkaTransportError', 'logger: KafkaTransportError'];
    await expectNoLoop({ cluster, transport, sibling, app: ['a record'], reentrant });
  });

  it('does not add to an outage by what it logs of it', async () => {
    const cluster = await startCluster();
    await cluster.down();
    const sibling = new Collecting();
    const transport = transportTo(cluster);
    const logger = loggerWith(sibling, transport);
    transport.on(
      'warn',
      bounded(() => logger.error('Kafka is away')),
    );
    const warned = once(transport, 'warn');
    logger.info('a record');
    await warned;
    await cluster.up();
    await expectNoLoop({ cluster, transport, sibling, app: ['a record'], reentrant: ['Kafka is away'] });
  });

  it('that throws, or whose promise is rejected, neither stops the others nor the shipping', async () => {
    const cluster = await startCluster();
    const sibling = new Collecting();
    const transport = transportTo(cluster);
    const logger = loggerWith(sibling, transport);
    transport.on('logged', () => {
      throw new Error('thrown by a listener');
    });
    transport.on('logged', () => Promise.reject(new Error('rejected by a listener')));
    transport.on('logged', () => logger.info('the last listener'));
    logger.info('a record');
    await expectNoLoop({ cluster, transport, sibling, app: ['a record'], reentrant: ['the last listener'] });
    expect(transport.stats().callbackFailures.listener).toBe(2);
  });
});
