import { expect, it } from 'vitest';
import TransportStream from 'winston-transport';
import type { Fallback } from '../../../lib/index.ts';
import { Collecting, loggerWith, numbered, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
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
