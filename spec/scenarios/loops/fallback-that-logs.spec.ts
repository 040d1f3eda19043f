import { readFile } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import TransportStream from 'winston-transport';
import type { Fallback } from '../../../lib/index.ts';
import {
  Collecting,
  expectLaw,
  loggerWith,
  numbered,
  startCluster,
  TOPIC,
  transportTo,
} from '../../support/harness.ts';
import { bounded } from '../../support/loops.ts';

type Log = (what: string) => void;

const FALLBACKS: Record<string, (log: Log) => Fallback> = {
  'a function': (log) => (undelivered) => log(`kept ${undelivered.message}`),
  'a winston transport': (log) =>
    new TransportStream({
      log: ({ message }: { message: string }, next: () => void) => {
        log(`kept ${message}`);
        next();
      },
    }),
};

it.each(Object.entries(FALLBACKS))(
  '%s as fallback, that logs, does not fill the buffer it relieves',
  async (_, make) => {
    const cluster = await startCluster();
    await cluster.down();
    const sibling = new Collecting();
    const logger = loggerWith(sibling);
    const transport = transportTo(cluster, {
      fallback: make(bounded((what: string) => logger.warn(what))),
      buffer: { maxRecords: 10 },
      dropNotice: false,
    });
    logger.add(transport);
    const failed = new Promise((resolve) => transport.once('warn', resolve));
    const app = numbered(30);
    for (const message of app) logger.info(message);
    await failed;
    await cluster.up();
    await transport.flush(Infinity);
    const kept = sibling.messages.filter((message) => message.startsWith('kept'));
    // What gave way depends on whether a batch was under way; that each is in one place only does not.
    const shipped = cluster.values(TOPIC);
    expect([...shipped, ...kept.map((message) => message.replace('kept ', ''))].toSorted()).toEqual(
      app.toSorted(),
    );
    expect(kept).toHaveLength(20);
    expect(sibling.messages.filter((message) => !message.startsWith('kept'))).toEqual(app);
    expect(transport.stats()).toMatchObject({
      accepted: 30,
      delivered: 10,
      suppressed: { reentrant: 20 },
      dropped: { overflow: 20 },
    });
  },
);

type Next = () => void;
const GO_ON: Record<string, (log: Log) => Fallback> = {
  'an async function': (log) => async (undelivered) => {
    await turn();
    log(undelivered.message);
  },
  'a function that returns a promise': (log) => (undelivered) => turn().then(() => log(undelivered.message)),
  'a function that returns nothing': (log) => (undelivered) =>
    void turn().then(() => log(undelivered.message)),
  'a function with a callback': (log) => (undelivered) =>
    readFile('no such file', () => log(undelivered.message)),
  'a winston transport that calls back later': (log) =>
    new TransportStream({
      log: ({ message }: { message: string }, next: Next) => {
        void turn().then(() => {
          log(message);
          next();
        });
      },
    }),
  // As winston's Http does.
  'a winston transport that logs after it has called back': (log) =>
    new TransportStream({
      log: ({ message }: { message: string }, next: Next) => {
        void turn()
          .then(next)
          .then(() => turn())
          .then(() => log(message));
      },
    }),
  'an async function that waits for nothing': (log) => async (undelivered) =>
    void turn().then(() => log(undelivered.message)),
  'a winston transport that never calls back': (log) =>
    new TransportStream({ log: ({ message }: { message: string }) => void turn().then(() => log(message)) }),
  'a winston transport with an async log': (log) =>
    new TransportStream({
      log: async ({ message }: { message: string }, next: Next) => {
        next();
        await turn();
        log(message);
      },
    }),
};

// Each line that such a fallback logged was undelivered like the one before, and came to the fallback in its turn, for ever.
it.each(Object.entries(GO_ON))(
  '%s as fallback, that logs when it goes on, makes no loop',
  async (_, make) => {
    const cluster = await startCluster();
    let calls = 0;
    const sibling = new Collecting();
    const logger = loggerWith(sibling);
    const transport = transportTo(cluster, {
      topic: () => 'not a topic',
      fallback: make(
        bounded((message: string) => {
          calls++;
          logger.warn(`kept ${message}`);
        }),
      ),
      dropNotice: false,
    });
    logger.add(transport);
    for (const message of numbered(3)) logger.info(message);
    while (calls < 3) await turn();
    for (let n = 0; n < 50; n++) await turn();
    // What it is like is only known when it has returned for the first time: that once, one line may go on.
    expect(calls).toBeLessThanOrEqual(4);
    logger.info('innocent');
    while (!sibling.messages.includes('kept innocent')) await turn();
    const { accepted, suppressed, dropped } = transport.stats();
    expect(accepted).toBe(calls);
    expect(dropped.invalid).toBe(calls);
    expect(suppressed.reentrant).toBeGreaterThanOrEqual(3);
    expectLaw(transport);
  },
);
