import { expect, it } from 'vitest';
import {
  Collecting,
  loggerWith,
  numbered,
  Slow,
  startCluster,
  TOPIC,
  transportTo,
} from '../../support/harness.ts';
import { bounded, expectNoLoop } from '../../support/loops.ts';

it.each([
  ['a quick sibling', new Collecting()],
  ['a slow sibling', new Slow()],
])("what the callbacks of two KafkaTransports log goes to neither's topic, beside %s", async (_, sibling) => {
  const cluster = await startCluster({ topics: { [TOPIC]: 1, audit: 1 } });
  const logger = loggerWith(sibling);
  const log = bounded((what: string) => logger.info(what));
  const first = transportTo(cluster, {
    key: ({ message }) => {
      log(`first, key of ${message}`);
      return null;
    },
  });
  const second = transportTo(cluster, {
    topic: ({ message }) => {
      log(`second, topic of ${message}`);
      return 'audit';
    },
  });
  logger.add(first).add(second);
  first.on('logged', ({ message }) => log(`first, logged ${message}`));
  second.on('logged', ({ message }) => log(`second, logged ${message}`));

  const app = numbered(20);
  for (const message of app) logger.info(message);
  // Nobody waits for a transport that a slow sibling keeps records from: until they have come, and gone.
  await cluster.until(() => cluster.count(TOPIC) >= 20 && cluster.count('audit') >= 20);
  await first.flush(Infinity);
  await second.flush(Infinity);
  const kinds = ['first, key of', 'second, topic of', 'first, logged', 'second, logged'];
  const reentrant = app.flatMap((message) => kinds.map((kind) => `${kind} ${message}`));
  if (sibling instanceof Slow) await sibling.has(app.length + reentrant.length);
  await expectNoLoop({ cluster, transport: first, sibling, app, reentrant });
  await expectNoLoop({ cluster, transport: second, sibling, app, reentrant, topic: 'audit' });
  expect(first.stats().suppressed).toEqual({ reentrant: 80, filtered: 0, loop: 0, sampled: 0 });
});
