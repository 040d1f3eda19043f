import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import winston from 'winston';
import type { KafkaTransport } from '../../lib/index.ts';
import { type Parent, Parents } from '../../lib/winston/parents.ts';
import { type EndingStream, StreamEnd } from '../../lib/winston/stream-end.ts';
import { HeldClock } from '../sender/rig.ts';
import {
  Collecting,
  droppedIn,
  expectLaw,
  loggerWith,
  numbered,
  plain,
  startCluster,
  TOPIC,
  transportTo,
} from '../support/harness.ts';
import { gate } from './fixtures/gate.ts';
import { infoOf } from './fixtures/infos.ts';

/** Takes its time over each record: a turn of the event loop would not do. */
class VerySlow extends Collecting {
  override log(info: winston.Logform.TransformableInfo, next: () => void): void {
    this.infos.push(info);
    setTimeout(next, 5);
  }
}

async function finished(logger: winston.Logger): Promise<void> {
  const event = once(logger, 'finish');
  logger.end();
  await event;
}

describe('logger.end()', () => {
  it('has delivered everything when the logger finishes', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { batch: { lingerMs: 60_000 } });
    const logger = loggerWith(transport);
    for (const message of numbered(1_500)) logger.info(message);
    await finished(logger);
    expect(cluster.values(TOPIC)).toEqual(numbered(1_500));
    expect(transport.stats()).toMatchObject({ state: 'closed', delivered: 1_500 });
    await cluster.until(() => cluster.connections === 0);
  });

  it('waits for a slow broker, on a timer that keeps the process alive', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const held = gate();
    cluster.inject({ api: 'Produce', action: { hold: held.opened, at: 'before-store' } });
    const logger = loggerWith(transport);
    logger.info('held up');
    let isFinished = false;
    const end = finished(logger).then(() => {
      isFinished = true;
    });
    await cluster.until(() => cluster.requests.Produce === 1);
    expect(isFinished).toBe(false);
    expect(process.getActiveResourcesInfo()).toContain('Timeout');
    held.open();
    await end;
    expect(cluster.values(TOPIC)).toEqual(['held up']);
  });

  it('has delivered when one of two loggers finishes, and the other goes on', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const held = gate();
    cluster.inject({ api: 'Produce', action: { hold: held.opened, at: 'before-store' } });
    const close = vi.spyOn(transport, 'close');
    const [one, other] = [loggerWith(transport), loggerWith(transport)];
    one.info('held up');
    let isFinished = false;
    const end = finished(one).then(() => {
      isFinished = true;
    });
    await cluster.until(() => cluster.requests.Produce === 1);
    expect(isFinished).toBe(false);
    held.open();
    await end;
    expect(cluster.values(TOPIC)).toEqual(['held up']);
    other.info('later');
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(['held up', 'later']);
    expect(close).not.toHaveBeenCalled();
  });

  it('has delivered what the last of two loggers has logged when that one finishes, though the first does so before', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const holds = [gate(), gate()];
    for (const { opened } of holds)
      cluster.inject({ api: 'Produce', action: { hold: opened, at: 'before-store' } });
    const [first, last] = [loggerWith(transport), loggerWith(transport)];
    first.info('one');
    first.end();
    await cluster.until(() => cluster.requests.Produce === 1);
    last.info('two');
    let isFinished = false;
    const end = finished(last).then(() => {
      isFinished = true;
    });
    holds[0]?.open();
    await cluster.until(() => cluster.requests.Produce === 2);
    expect(isFinished).toBe(false);
    holds[1]?.open();
    await end;
    expect(cluster.values(TOPIC)).toEqual(['one', 'two']);
  });

  it('ends within closeTimeoutMs when the broker is away, and counts the rest as dropped', async () => {
    const cluster = await startCluster();
    await cluster.down();
    const transport = transportTo(cluster, { closeTimeoutMs: 150 });
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const logger = loggerWith(transport);
    for (const message of numbered(30)) logger.info(message);
    const startedAt = performance.now();
    await finished(logger);
    const took = performance.now() - startedAt;
    stderr.mockRestore();
    expect(took).toBeGreaterThan(140);
    // The farewell to a connection that hangs may take a second more; without a limit it would be for ever.
    expect(took).toBeLessThan(4_000);
    expect(transport.stats()).toMatchObject({ state: 'closed', delivered: 0, dropped: { closed: 30 } });
    expectLaw(transport);
  });

  it('twice finishes once', async () => {
    const transport = transportTo(await startCluster());
    const logger = loggerWith(transport);
    const onFinish = vi.fn();
    transport.on('finish', onFinish);
    logger.info('a');
    logger.end();
    await finished(logger);
    await new Promise(setImmediate);
    expect(onFinish).toHaveBeenCalledTimes(1);
    expect(transport.stats()).toMatchObject({ delivered: 1, accepted: 1 });
  });

  it('on a logger that has logged nothing finishes as well, without a connection', async () => {
    const cluster = await startCluster();
    await finished(loggerWith(transportTo(cluster)));
    expect(cluster.connectionsEver).toBe(0);
  });

  it.each([1, 2, 3])(
    'works %i times more, on loggers that the transport is added to afterwards',
    async (times) => {
      const cluster = await startCluster();
      const transport = transportTo(cluster);
      const expected = numbered(times + 1);
      for (const message of expected) {
        const logger = loggerWith(transport);
        logger.info(message);
        await finished(logger);
        expect(transport.stats().state).toBe('closed');
      }
      expect(cluster.values(TOPIC)).toEqual(expected);
    },
  );

  it('leaves a logger alone that the transport is added to as soon as it has finished', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const next = winston.createLogger({ format: plain() });
    const logger = loggerWith(transport);
    logger.once('finish', () => next.add(transport));
    logger.info('one');
    await finished(logger);
    // Until a `close` of the stream, if there is one, has come.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(next.transports).toEqual([transport]);
    next.info('two');
    await finished(next);
    expect(cluster.values(TOPIC)).toEqual(['one', 'two']);
  });

  it('delivers after the transport was destroyed and added to another logger', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    loggerWith(transport).info('one');
    await new Promise(setImmediate);
    transport.destroy(new Error('by the application'));
    await once(transport, 'close');
    const logger = loggerWith(transport);
    logger.info('two');
    await finished(logger);
    expect(cluster.values(TOPIC)).toEqual(['one', 'two']);
  });

  it('while the transport is being destroyed finishes too', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const logger = loggerWith(transport);
    logger.info('one');
    await new Promise(setImmediate);
    transport.destroy();
    await finished(logger);
    expect(cluster.values(TOPIC)).toEqual(['one']);
  });

  it('delivers the 16 records that winston still held for a slow sibling when it asked the transports to end', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const slow = new VerySlow({ highWaterMark: 1 } as never);
    const logger = loggerWith(slow, transport);
    for (const message of numbered(40)) logger.info(message);
    await finished(logger);
    expect(cluster.values(TOPIC)).toEqual(numbered(40));
    // So it was the case that this spec is about.
    expect(slow.infos.length).toBeLessThan(40);
  });
});

describe('transport.end()', () => {
  it('by hand takes a last record and calls back, the first time and any other', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    for (const message of numbered(3)) {
      await new Promise<void>((resolve) => {
        transport.end(infoOf(message), () => resolve());
      });
    }
    expect(transport.stats()).toMatchObject({ delivered: 1, dropped: { closed: 2 } });
    expect(cluster.values(TOPIC)).toEqual(['record 0']);
  });

  it('with null for a last record has none, the first time and any other', async () => {
    const transport = transportTo(await startCluster());
    for (let times = 0; times < 2; times++)
      await new Promise<void>((resolve) => {
        transport.end(null, () => resolve());
      });
    expect(transport.stats().accepted).toBe(0);
  });
});

describe('close()', () => {
  it('is idempotent, and says what became of the records', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    for (const message of numbered(3)) transport.log(infoOf(message));
    const [first, second] = [transport.close(), transport.close()];
    expect(second).toBe(first);
    expect(await first).toEqual({ delivered: 3, dropped: 0, pending: 0 });
    expect(transport.close()).toBe(first);
    await cluster.until(() => cluster.connections === 0);
  });

  it('comes after `finish` too, when the logger lets go', async () => {
    const transport = transportTo(await startCluster());
    const close = vi.spyOn(transport, 'close');
    const logger = loggerWith(transport);
    await finished(logger);
    // Once by `_final`, once more by the `unpipe` that follows `finish`.
    expect(close).toHaveBeenCalledTimes(2);
  });

  const letGo: Record<string, (logger: winston.Logger, transport: KafkaTransport) => unknown> = {
    'logger.close()': (logger) => logger.close(),
    'logger.remove()': (logger, transport) => logger.remove(transport),
    'logger.clear()': (logger) => logger.clear(),
    'logger.configure()': (logger) => logger.configure({ silent: true }),
  };

  it.each(Object.entries(letGo))('comes by %s, and delivers what was logged', async (_, act) => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { batch: { lingerMs: 60_000 } });
    const close = vi.spyOn(transport, 'close');
    const logger = loggerWith(transport);
    for (const message of numbered(20)) logger.info(message);
    await new Promise(setImmediate);
    act(logger, transport);
    expect(close).toHaveBeenCalledTimes(1);
    await close.mock.results[0]?.value;
    expect(cluster.values(TOPIC)).toEqual(numbered(20));
    expect(transport.stats().state).toBe('closed');
  });

  it('by `await using` is waited for', async () => {
    const cluster = await startCluster();
    {
      await using transport = transportTo(cluster, { batch: { lingerMs: 60_000 } });
      transport.log(infoOf('a'));
    }
    expect(cluster.values(TOPIC)).toEqual(['a']);
    await cluster.until(() => cluster.connections === 0);
  });
});

describe('flush()', () => {
  it('resolves when all that was accepted before it is settled, whatever comes after', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { batch: { lingerMs: 60_000, maxRecords: 2 } });
    for (const message of numbered(4)) transport.log(infoOf(message));
    const flush = transport.flush();
    const held = gate();
    cluster.inject({
      api: 'Produce',
      when: () => cluster.count(TOPIC) === 4,
      action: { hold: held.opened, at: 'before-store' },
    });
    for (const message of numbered(2, 'later')) transport.log(infoOf(message));
    expect(await flush).toEqual({ delivered: 4, dropped: 0, pending: 0 });
    held.open();
  });

  it('gives up after its time, and says what is pending', async () => {
    const cluster = await startCluster();
    const held = gate();
    const transport = transportTo(cluster);
    cluster.inject({ api: 'Produce', action: { hold: held.opened } });
    for (const message of numbered(3)) transport.log(infoOf(message));
    expect(await transport.flush(30)).toEqual({ delivered: 0, dropped: 0, pending: 3 });
    held.open();
    expect(await transport.flush(Infinity)).toEqual({ delivered: 3, dropped: 0, pending: 0 });
  });

  it.each([Number.POSITIVE_INFINITY, 1e12])(
    'waits for as long as it takes when told to wait %d ms',
    async (timeoutMs) => {
      const cluster = await startCluster();
      const held = gate();
      const transport = transportTo(cluster);
      cluster.inject({ api: 'Produce', action: { hold: held.opened } });
      transport.log(infoOf('a'));
      const flush = transport.flush(timeoutMs);
      await cluster.until(() => cluster.count(TOPIC) === 1);
      await new Promise((resolve) => setTimeout(resolve, 10));
      held.open();
      expect(await flush).toEqual({ delivered: 1, dropped: 0, pending: 0 });
    },
  );

  it('waits for as long as without a time, where that is no number: Number() of a variable that is not set', async () => {
    const transport = transportTo(await startCluster());
    transport.log(infoOf('one'));
    expect(await transport.flush(Number.NaN)).toEqual({ delivered: 1, dropped: 0, pending: 0 });
  });

  it('resolves at once when there is nothing to wait for', async () => {
    const cluster = await startCluster();
    expect(await transportTo(cluster).flush(Infinity)).toEqual({ delivered: 0, dropped: 0, pending: 0 });
    expect(cluster.connectionsEver).toBe(0);
  });

  it('is ended by close(), with what was given up counted as dropped', async () => {
    const cluster = await startCluster();
    await cluster.down();
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const transport = transportTo(cluster, { closeTimeoutMs: 50 });
    for (const message of numbered(3)) transport.log(infoOf(message));
    const flush = transport.flush(60_000);
    await transport.close();
    stderr.mockRestore();
    expect(await flush).toEqual({ delivered: 0, dropped: 3, pending: 0 });
    expect(droppedIn(transport.stats())).toBe(3);
  });
});

describe('the end of the stream', () => {
  /** A stream, and a logger that has ended and has a record left. */
  class Rig {
    readonly clock = new HeldClock();
    readonly logger = { readableLength: 1, _writableState: { ending: true } };
    readonly ended: string[] = [];
    readonly #parents = new Parents({ wantsSite: () => false, wantsLogger: () => false }, () => false);
    readonly streamEnd = new StreamEnd(
      { destroyed: false } as EndingStream,
      this.#parents,
      this.clock,
      1_000,
    );

    constructor() {
      this.#parents.add(this.logger as Parent);
    }

    end(name: string): void {
      this.streamEnd.end([], () => this.ended.push(name));
    }
  }

  it('waits for nothing where no records are to come', () => {
    const rig = new Rig();
    rig.logger.readableLength = 0;
    rig.end('end');
    expect(rig.ended).toEqual(['end']);
    expect(rig.clock.armed).toBe(0);
  });

  it('waits until the last record has come, and comes once for each that has asked', async () => {
    const rig = new Rig();
    rig.end('one');
    rig.end('other');
    rig.streamEnd.onRecord();
    expect(rig.ended).toEqual([]);
    rig.logger.readableLength = 0;
    rig.streamEnd.onRecord();
    rig.streamEnd.onRecord();
    expect(rig.ended).toEqual(['one', 'other']);
    expect(rig.clock.armed).toBe(0);
    await rig.clock.pass(10_000);
    expect(rig.ended).toEqual(['one', 'other']);
  });

  it('waits no longer than it may', async () => {
    const rig = new Rig();
    rig.end('end');
    await rig.clock.pass(999);
    expect(rig.ended).toEqual([]);
    await rig.clock.pass(1);
    rig.logger.readableLength = 0;
    rig.streamEnd.onRecord();
    expect(rig.ended).toEqual(['end']);
  });
});
