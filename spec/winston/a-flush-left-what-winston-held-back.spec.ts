// A transport that pushes back holds up all others of its logger: what is logged meanwhile waits in winston. A flush knew nothing
// of that, so `await transport.flush()` before `process.exit()` lost it, without a word.
import { describe, expect, it } from 'vitest';
import winston from 'winston';
import { HeldBack } from '../../lib/winston/held-back.ts';
import { HeldClock } from '../sender/rig.ts';
import {
  Collecting,
  loggerWith,
  numbered,
  plain,
  Slow,
  START_MS,
  startCluster,
  TOPIC,
  transportTo,
} from '../support/harness.ts';

/** Takes one record, and never another. */
class Dead extends Collecting {
  constructor() {
    super({ highWaterMark: 1 } as object);
  }

  override log(info: winston.Logform.TransformableInfo): void {
    this.infos.push(info);
  }
}

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
  it('sends what has come, where a sibling has stopped', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { batch: { lingerMs: 60_000 } });
    const logger = loggerWith(transport, new Dead());
    for (const message of numbered(60)) logger.info(message);
    const { accepted } = transport.stats();
    expect(accepted).toBeLessThan(60);
    const flushed = transport.flush(Number.POSITIVE_INFINITY);
    await cluster.until(() => cluster.count(TOPIC) === accepted, 5_000 + START_MS);
    // What it has waited for will not come.
    logger.remove(transport);
    expect(await flushed).toEqual({ delivered: accepted, dropped: 0, pending: 0 });
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

describe('records that are held back', () => {
  const rig = (held: number, count = 1) => {
    const clock = new HeldClock();
    const parents = { held, count };
    return { clock, parents, heldBack: new HeldBack(parents, clock) };
  };

  it('are those of all loggers', () => {
    expect([rig(0).heldBack.any, rig(3).heldBack.any]).toEqual([false, true]);
  });

  it('have come when as many have, though others are held by then', async () => {
    const { clock, heldBack } = rig(2);
    let isOver = false;
    const come = heldBack.come(1_000).then(() => {
      isOver = true;
    });
    heldBack.onRecord();
    await clock.pass(10);
    expect(isOver).toBe(false);
    heldBack.onRecord();
    await come;
  });

  it('have come when none is held any more, and have when the time is up', async () => {
    const { clock, parents, heldBack } = rig(2, 2);
    const come = heldBack.come(1_000);
    parents.held = 0;
    heldBack.onRecord();
    await clock.pass(0);
    await come;
    parents.held = 2;
    const late = heldBack.come(1_000);
    await clock.pass(1_000);
    await late;
  });
});
