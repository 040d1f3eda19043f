// What the marks must not do to the application: show, or hold on to its objects.
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import winston from 'winston';
import { collectGarbage } from '../support/garbage.ts';
import { Collecting, loggerWith, startCluster, TOPIC, transportTo } from '../support/harness.ts';

it('a call site shows neither in what a format prints nor on the error that was logged', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster, { callSite: true });
  const logger = winston.createLogger({ format: winston.format.prettyPrint(), transports: [transport] });
  const error = new Error('boom');
  logger.info('hello');
  logger.error(error);
  expect(inspect(error)).not.toContain('winston-kafkajs');
  await transport.flush(Infinity);
  expect(cluster.values(TOPIC)[0]).toBe("{ message: 'hello', level: 'info' }");
  expect(cluster.values(TOPIC).join()).not.toContain('winston-kafkajs');
});

it('an info that is kept does not keep the object whose method logged it', async () => {
  const cluster = await startCluster();
  const sibling = new Collecting();
  const logger = loggerWith(transportTo(cluster, { filter: 'spec' }), sibling);
  class Service {
    readonly ballast = new Array(1_000).fill(0);
    work(): void {
      logger.info('from a method');
    }
  }
  const receiver = ((): WeakRef<Service> => {
    const service = new Service();
    service.work();
    return new WeakRef(service);
  })();
  // A WeakRef holds on until the turn is over.
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  expect(sibling.infos).toHaveLength(1);
  expect(receiver.deref()).toBeUndefined();
});
