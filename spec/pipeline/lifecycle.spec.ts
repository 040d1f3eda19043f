// What is done with the records that are left: at a flush, a close, and the end of the process.
import { readdirSync } from 'node:fs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import TransportStream from 'winston-transport';
import { stderrLines } from '../../lib/client-log/stderr.ts';
import type { Lifecycle } from '../../lib/pipeline/lifecycle.ts';
import { ProcessExit } from '../../lib/process/process-exit.ts';
import { segmentsSeen } from '../../lib/spool/inspect.ts';
import { messagesOn } from '../observe/subscribed.ts';
import { deferred } from '../sender/rig.ts';
import { directoryOfSpec } from '../spool/rig.ts';
import { Collecting } from '../support/harness.ts';
import { Rig, type Sent, storedIn } from './rig.ts';

const untold = (notice: string): unknown => expect.stringContaining(notice);

/** Leaves records in a spool, as a process that has ended. */
async function leftIn(directory: string, ...texts: string[]): Promise<void> {
  const rig = new Rig({ spool: { directory } });
  rig.isAway = true;
  for (const text of texts) rig.log(text);
  await rig.after(2_000, rig.pipeline.lifecycle.close());
}

/** What is written to stderr from now on. */
function consoleLines(): string[] {
  const lines: string[] = [];
  const print = vi.spyOn(stderrLines, 'print').mockImplementation((line) => void lines.push(line));
  onTestFinished(() => print.mockRestore());
  return lines;
}

it('knows what it holds, and what was ever accepted', async () => {
  const rig = new Rig();
  const { lifecycle } = rig.pipeline;
  rig.log('one');
  expect([lifecycle.unsettled, lifecycle.everAccepted]).toEqual([1, 1]);
  await rig.clock.pass(1_000);
  expect([lifecycle.unsettled, lifecycle.everAccepted]).toEqual([0, 1]);
});

it('takes nothing over for what an exit listener logs: each such record had all that was left there renamed', async () => {
  const directory = directoryOfSpec();
  const rig = new Rig({ spool: { directory, mode: 'overflow' } });
  const end = new ProcessExit(rig.pipeline.lifecycle, 0);
  rig.isAway = true;
  rig.log('one');
  await rig.clock.pass(1_000);
  Object.assign(process, { _exiting: true });
  onTestFinished(() => {
    Object.assign(process, { _exiting: false });
    end.forget();
  });
  rig.pipeline.lifecycle.drainOnExit(0);
  end.watch();
  const left = readdirSync(directory);
  rig.log('two');
  rig.log('three');
  expect(readdirSync(directory)).toEqual(expect.arrayContaining(left));
  expect(rig.pipeline.stats()).toMatchObject({ accepted: 3, spooled: 3, replayed: 0 });
  rig.expectBalanced();
  Object.assign(process, { _exiting: false });
  const next = new Rig({ spool: { directory } });
  await next.clock.pass(1_000);
  expect(next.sent).toEqual(['one', 'two', 'three']);
});

describe('its state', () => {
  it('is told when it changes, with what went wrong', async () => {
    const rig = new Rig();
    const told = messagesOn<{ from: string; to: string; lastError: { message: string } | null }>(
      'state:changed',
    );
    rig.log('one');
    await rig.clock.pass(1_000);
    rig.log('two');
    await rig.clock.pass(100);
    await rig.after(1_000, rig.pipeline.lifecycle.close());
    rig.pipeline.lifecycle.reopen();
    expect(told.map(({ from, to }) => `${from} ${to}`)).toEqual(['idle up', 'up closed', 'closed idle']);
    rig.isAway = true;
    rig.log('three');
    await rig.clock.pass(1_000);
    expect(told[3]).toMatchObject({ from: 'idle', to: 'down', lastError: { message: 'away' } });
  });

  it('is that of the transport, not that of its sender, while it is closed', async () => {
    const rig = new Rig();
    rig.log('one');
    const closing = rig.pipeline.lifecycle.close();
    await rig.after(1_000, closing);
    await rig.clock.pass(60_000);
    expect(rig.pipeline.stats().state).toBe('closed');
    expect(rig.work).toEqual(['work']);
  });

  it('is idle when the connection was closed, and the end of the process is no matter of it only where nothing is left', async () => {
    const rig = new Rig({
      dropNotice: false,
      serialize: ({ message }: { message: string }) => (message === 'slow' ? new Promise(() => {}) : message),
    });
    rig.log('one');
    rig.log('slow');
    await rig.clock.pass(5_000);
    expect(rig.pipeline.stats()).toMatchObject({ state: 'idle', delivered: 1 });
    expect([rig.pipeline.lifecycle.unsettled, rig.work]).toEqual([1, ['work']]);
    rig.pipeline.lifecycle.giveUp();
    rig.log('two');
    await rig.clock.pass(5_000);
    expect(rig.work).toEqual(['work', 'work', 'idle']);
  });
});

describe('the spool', () => {
  it('is opened a moment later, when whoever has made the transport can listen for its warnings', async () => {
    const rig = new Rig({ spool: { directory: '/dev/null/spool' } });
    expect(rig.warnings).toEqual([]);
    await rig.clock.settle();
    expect(rig.warnings).toEqual([expect.stringContaining('/dev/null/spool')]);
  });

  it('has what another process has left sent, without anything being logged', async () => {
    const directory = directoryOfSpec();
    await leftIn(directory, 'one');
    const rig = new Rig({ spool: { directory } });
    await rig.clock.pass(2_000);
    expect(rig.sent).toEqual(['one']);
  });

  it('is waited for by a flush, until what it has is counted and sent', async () => {
    const directory = directoryOfSpec();
    await leftIn(directory, 'one', 'two');
    const rig = new Rig({ spool: { directory } });
    const flushed = rig.pipeline.lifecycle.flush(5_000);
    expect(await rig.after(1_000, flushed)).toEqual({ delivered: 2, dropped: 0, pending: 0 });
  });

  it('is left to others once it is closed, also when a record comes or there is a flush', async () => {
    const directory = directoryOfSpec();
    const rig = new Rig({ spool: { directory } });
    rig.isAway = true;
    rig.log('one');
    const closing = rig.pipeline.lifecycle.close();
    expect(await rig.after(2_000, closing)).toEqual({ delivered: 0, dropped: 0, pending: 1 });
    const names = readdirSync(directory, { recursive: true }).sort();
    rig.log('two');
    await rig.after(1_000, rig.pipeline.lifecycle.flush(1_000));
    expect(readdirSync(directory, { recursive: true }).sort()).toEqual(names);
    const other = new Rig({ spool: { directory } });
    await other.clock.pass(2_000);
    expect(other.sent).toEqual(['one']);
  });

  it('is taken over anew where the transport is opened again, and each record is counted once', async () => {
    const rig = new Rig({ spool: { directory: directoryOfSpec() } });
    rig.isAway = true;
    rig.log('one');
    await rig.after(2_000, rig.pipeline.lifecycle.close());
    rig.pipeline.lifecycle.reopen();
    expect(rig.pipeline.lifecycle.unsettled).toBe(0);
    rig.isAway = false;
    await rig.clock.pass(2_000);
    expect(rig.sent).toEqual(['one']);
    rig.expectBalanced();
  });

  it('waits for nothing that another one has taken over before the transport is opened again', async () => {
    const directory = directoryOfSpec();
    const rig = new Rig({ spool: { directory } });
    rig.isAway = true;
    rig.log('one');
    await rig.after(2_000, rig.pipeline.lifecycle.close());
    const other = new Rig({ spool: { directory } });
    await other.clock.pass(2_000);
    expect(other.sent).toEqual(['one']);
    rig.isAway = false;
    rig.pipeline.lifecycle.reopen();
    await rig.clock.pass(2_000);
    rig.log('two');
    await rig.clock.pass(2_000);
    const { accepted, delivered, spooled, replayed } = rig.pipeline.stats();
    expect([accepted, delivered, spooled - replayed]).toEqual([1, 1, 0]);
  });

  it('stays its own where the transport is opened that was never closed', async () => {
    const rig = new Rig({ spool: { directory: directoryOfSpec() }, buffer: { maxRecords: 1 } });
    for (const text of ['one', 'two', 'three']) rig.log(text);
    expect(rig.pipeline.stats().spooled).toBeGreaterThan(0);
    rig.pipeline.lifecycle.reopen();
    expect(rig.pipeline.lifecycle.unsettled).toBe(3);
    await rig.clock.pass(2_000);
    expect([rig.sent, rig.pipeline.lifecycle.unsettled]).toEqual([['one', 'two', 'three'], 0]);
    rig.expectBalanced();
  });

  it.each([true, false])('keeps what Kafka refuses of it where that is asked for: %s', async (keeps) => {
    const directory = directoryOfSpec();
    await leftIn(directory, 'one');
    const refuse = Object.assign(new Error('too large'), { type: 'MESSAGE_TOO_LARGE', code: 10 });
    const send = async (): Promise<never> => {
      throw refuse;
    };
    const producer = { connect: async () => undefined, disconnect: async () => undefined, send };
    const rig = new Rig({ spool: { directory }, producer, dropNotice: false });
    if (keeps) rig.pipeline.lifecycle.keepDropped();
    await rig.after(3_000, rig.pipeline.lifecycle.close());
    expect(rig.pipeline.stats().dropped.oversize).toBe(1);
    const next = new Rig({ spool: { directory } });
    await next.clock.pass(2_000);
    expect(next.sent).toEqual(keeps ? ['one'] : []);
  });

  it('is no matter of a transport without one', () => {
    const rig = new Rig();
    rig.pipeline.lifecycle.keepDropped();
    rig.pipeline.lifecycle.openSpool();
    expect(rig.pipeline.stats()).toMatchObject({ spooled: 0 });
  });
});

describe('what sample has left out', () => {
  it('is told with close, though the minute is not over', async () => {
    const rig = new Rig({ sample: { info: 0 } });
    rig.log('left out');
    await rig.after(1_000, rig.pipeline.lifecycle.close());
    expect(rig.sent).toEqual([untold('1 record was left out by sample or rateLimit: info 1')]);
  });

  it('is told before the process ends', async () => {
    const rig = new Rig({ sample: { info: 0 } });
    const { lifecycle } = rig.pipeline;
    expect(lifecycle.hasUnsentNotice).toBe(false);
    rig.log('left out');
    expect(lifecycle.hasUnsentNotice).toBe(true);
    lifecycle.addLastRecords();
    expect([lifecycle.hasUnsentNotice, lifecycle.unsettled]).toEqual([false, 1]);
  });

  it('is told before a flush for a signal', async () => {
    const rig = new Rig({ sample: { info: 0 } });
    rig.log('left out');
    await rig.after(1_000, rig.pipeline.lifecycle.flushUnlessDown(1_000));
    expect(rig.sent).toEqual([untold('1 record was left out by sample or rateLimit: info 1')]);
  });

  it('is told to nobody where the transport is closed', async () => {
    const rig = new Rig({ sample: { info: 0 } });
    await rig.after(1_000, rig.pipeline.lifecycle.close());
    rig.log('left out');
    rig.pipeline.lifecycle.addLastRecords();
    expect([rig.pipeline.lifecycle.everAccepted, rig.undelivered]).toEqual([0, []]);
  });

  it('is told to nobody where Kafka is away', async () => {
    const rig = new Rig({ sample: { info: 0 } });
    rig.isAway = true;
    rig.log('sent', { level: 'error', [Symbol.for('level')]: 'error' });
    await rig.clock.pass(1_000);
    rig.log('left out');
    rig.pipeline.lifecycle.addLastRecords();
    expect([rig.pipeline.lifecycle.unsettled, rig.pipeline.lifecycle.hasUnsentNotice]).toEqual([1, true]);
  });
});

describe('a flush', () => {
  it.each([
    [true, 1_000],
    [false, 60_000],
    [undefined, 60_000],
  ])(
    'at the end of the process (%s) waits for a broker that was never there for %i ms',
    async (isLast, ms) => {
      const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
      const connect = async (): Promise<never> => {
        throw refused;
      };
      const producer = { connect, disconnect: async () => undefined, send: connect };
      const rig = new Rig({ producer: () => producer });
      rig.log('one');
      let endedAt = 0;
      void rig.pipeline.lifecycle.flush(60_000, isLast).then(() => {
        endedAt = rig.clock.now;
      });
      await rig.clock.pass(60_000);
      expect(endedAt).toBe(ms);
    },
  );
});

it('a flush that has spent time on what winston held back waits no longer for what has come', async () => {
  const never = (): Promise<never> => new Promise(() => undefined);
  const producer = { connect: async () => undefined, disconnect: async () => undefined, send: never };
  const loggers = {
    held: 1,
    handOver: () => {
      loggers.held = 0;
      rig.clock.now += 400;
      rig.log('held back');
    },
  };
  const rig: Rig = new Rig({ producer }, loggers);
  let endedAt = 0;
  void rig.pipeline.lifecycle.flush(1_000).then(() => {
    endedAt = rig.clock.now;
  });
  await rig.clock.pass(5_000);
  expect(endedAt).toBe(1_000);
});

it('an exception that ends the process while Kafka is known to be away has nothing waited for', async () => {
  const rig = new Rig();
  rig.isAway = true;
  rig.log('one');
  await rig.clock.pass(1_000);
  expect(rig.pipeline.stats().state).toBe('down');
  // Time stands still.
  await rig.pipeline.lifecycle.flushAndGiveUp(60_000);
  expect(rig.undelivered).toEqual(['closed one']);
});

it('an exception that ends the process cut off what the fallback was writing, where nothing was left to send', async () => {
  const written = deferred<void>();
  const rig = new Rig({ topic: () => '', fallback: () => written.promise });
  rig.log('one');
  let isOver = false;
  void rig.pipeline.lifecycle.flushAndGiveUp(60_000).then(() => {
    isOver = true;
  });
  await rig.clock.pass(500);
  expect([rig.pipeline.stats().dropped.invalid, isOver]).toEqual([1, false]);
  written.resolve();
  await rig.clock.pass(10);
  expect(isOver).toBe(true);
});

describe('closed', () => {
  it('it has sent what waited, and takes no more before it is opened again', async () => {
    const rig = new Rig();
    rig.log('one');
    const closing = rig.pipeline.lifecycle.close();
    expect(rig.pipeline.lifecycle.close()).toBe(closing);
    await rig.clock.pass(1_000);
    expect(await closing).toEqual({ delivered: 1, dropped: 0, pending: 0 });
    expect(rig.pipeline.lifecycle.isClosed).toBe(true);
    expect(rig.pipeline.stats().state).toBe('closed');
    rig.log('late');
    expect(rig.undelivered).toEqual(['closed late']);
    rig.pipeline.lifecycle.reopen();
    rig.log('later');
    await rig.clock.pass(1_000);
    expect(rig.pipeline.lifecycle.isClosed).toBe(false);
    expect(rig.sent).toEqual([
      'one',
      'later',
      expect.stringContaining('1 record was not delivered: closed 1'),
    ]);
    rig.expectBalanced();
  });

  it('while Kafka is away, it gives up what is left when the time is up', async () => {
    const rig = new Rig();
    rig.isAway = true;
    rig.log('one');
    const closing = rig.pipeline.lifecycle.close();
    await rig.clock.pass(999);
    expect(rig.undelivered).toEqual([]);
    await rig.clock.pass(2_000);
    expect(await closing).toEqual({ delivered: 0, dropped: 1, pending: 0 });
    expect(rig.undelivered).toEqual(['closed one']);
    rig.expectBalanced();
  });

  it('and opened again while it was closing, it goes on', async () => {
    const rig = new Rig();
    rig.log('one');
    const closing = rig.pipeline.lifecycle.close();
    rig.pipeline.lifecycle.reopen();
    await rig.clock.pass(1_000);
    await closing;
    expect(rig.pipeline.lifecycle.isClosed).toBe(false);
    rig.log('two');
    await rig.clock.pass(1_000);
    expect(rig.sent).toEqual(['one', 'two']);
  });
});

it('a flush for a signal waits no longer than until Kafka turns out to be away', async () => {
  const rig = new Rig();
  rig.isAway = true;
  rig.log('one');
  let isOver = false;
  const flushed = rig.pipeline.lifecycle.flushUnlessDown(60_000).then(() => {
    isOver = true;
  });
  await rig.clock.pass(1_000);
  expect(rig.pipeline.stats()).toMatchObject({ state: 'down', buffered: { records: 1 } });
  expect(isOver).toBe(true);
  await flushed;
  // Now it is known beforehand.
  await rig.pipeline.lifecycle.flushUnlessDown(60_000);
  expect(rig.warnings.filter((message) => message.includes('cannot'))).toHaveLength(1);
});

describe('a flush on a signal lost what a busy application logged meanwhile', () => {
  /** A pipeline whose application logs once more with each of its first sends. */
  function busy(sends: number): Rig {
    let left = sends;
    const rig = new Rig({
      producer: {
        connect: async () => undefined,
        disconnect: async () => undefined,
        send: async ({ topic }: Sent) => {
          await new Promise<void>((resolve) => rig.clock.after(2, resolve));
          if (left-- > 0) rig.log('meanwhile');
          return [{ topicName: topic, partition: 0, errorCode: 0 }];
        },
      },
    });
    rig.log('one');
    return rig;
  }

  it('and flushes that too', async () => {
    const rig = busy(200);
    // As it is then: later, what has lingered is sent anyhow.
    const flushed = rig.pipeline.lifecycle.flushUnlessDown(1_000).then(() => rig.pipeline.stats());
    await rig.clock.pass(900);
    expect(await flushed).toMatchObject({ accepted: 201, delivered: 201 });
    rig.expectBalanced();
  });

  it('and ends all the same, where there is no end of it', async () => {
    const rig = busy(Number.POSITIVE_INFINITY);
    let endedAt = 0;
    void rig.pipeline.lifecycle.flushUnlessDown(5_000).then(() => {
      endedAt = rig.clock.now;
    });
    await rig.clock.pass(5_100);
    expect(endedAt).toBe(5_000);
    expect(rig.pipeline.stats().delivered).toBeGreaterThan(1_000);
  });
});

describe('a flush on a signal lost what winston held back for a slow sibling', () => {
  it('it takes that, though all that has come is out', async () => {
    const held = ['two', 'three'];
    const rig: Rig = new Rig(
      {},
      {
        get held() {
          return held.length;
        },
        handOver: () => {
          for (const text of held.splice(0)) rig.log(text);
        },
      },
    );
    rig.log('one');
    await rig.clock.pass(1_000);
    await rig.after(1_000, rig.pipeline.lifecycle.flushUnlessDown(1_000));
    expect(rig.sent).toEqual(['one', 'two', 'three']);
  });

  it('it takes no more than 100 in a turn of the event loop: their formats run in that', async () => {
    const seen: unknown[] = [];
    const loggers = {
      held: 250,
      handOver: (maxRecords: number) => {
        seen.push(maxRecords);
        loggers.held = Math.max(0, loggers.held - maxRecords);
        rig.clock.soon(() => seen.push('a turn'));
      },
    };
    const rig: Rig = new Rig({}, loggers);
    await rig.after(0, rig.pipeline.lifecycle.flush(1_000));
    expect(seen).toEqual([100, 'a turn', 100, 'a turn', 100, 'a turn']);
  });

  it('it does not where Kafka is away, or the transport is closed', async () => {
    const rig = new Rig({}, { held: 1, handOver: () => undefined });
    const { lifecycle } = rig.pipeline;
    rig.isAway = true;
    rig.log('one');
    await rig.clock.pass(1_000);
    await lifecycle.flushUnlessDown(60_000);
    await rig.after(10_000, lifecycle.close(true));
    await lifecycle.flushUnlessDown(60_000);
    await lifecycle.flush(60_000);
  });
});

it('a flush for a signal ends when the transport is closed, and holds nothing up: what is in the spool stays there', async () => {
  const never = (): Promise<never> => new Promise(() => undefined);
  const producer = { connect: async () => undefined, disconnect: async () => undefined, send: never };
  const rig = new Rig({ producer, spool: { directory: directoryOfSpec() } });
  const { lifecycle } = rig.pipeline;
  rig.log('one');
  const closing = lifecycle.close();
  await rig.clock.pass(2_500);
  await closing;
  expect(rig.pipeline.stats()).toMatchObject({ state: 'closed', spooled: 1 });
  let turns = 0;
  const turn = setImmediate(() => turns++);
  // Time stands still: what would go round and round until it is up, would go round for ever.
  await lifecycle.flushUnlessDown(5_000);
  clearImmediate(turn);
  expect(turns).toBe(0);
});

describe('closing', () => {
  it('once more, where it was opened again, sends what came since', async () => {
    const rig = new Rig({ dropNotice: false });
    const { lifecycle } = rig.pipeline;
    const first = lifecycle.close();
    await rig.after(1_000, first);
    lifecycle.reopen();
    rig.log('one');
    const second = lifecycle.close();
    expect(second).not.toBe(first);
    expect(await rig.after(1_000, second)).toEqual({ delivered: 1, dropped: 0, pending: 0 });
    expect([rig.sent, lifecycle.isClosed]).toEqual([['one'], true]);
  });

  it('tells of what was dropped in what is left of its time', async () => {
    const late = deferred<unknown>();
    const sent: string[] = [];
    const producer = {
      connect: async () => undefined,
      disconnect: async () => undefined,
      send: async ({ topic, messages }: Sent) => {
        sent.push(...messages.map(({ value }) => value));
        if (sent.length > 1) return await late.promise;
        await new Promise<void>((resolve) => rig.clock.after(400, resolve));
        return storedIn(topic);
      },
    };
    const rig: Rig = new Rig({ producer, buffer: { maxRecords: 1 } });
    for (const text of ['one', 'two']) rig.log(text);
    let endedAt = 0;
    void rig.pipeline.lifecycle.close().then(() => {
      endedAt = rig.clock.now;
    });
    await rig.clock.pass(5_000);
    expect(sent).toEqual(['two', untold('1 record was not delivered: overflow 1')]);
    expect(endedAt).toBe(1_000);
    expect(rig.pipeline.stats().dropped).toMatchObject({ overflow: 1, closed: 1 });
  });

  it('tells of nothing where records are left: the notice would take the place of one', async () => {
    const rig = new Rig({ buffer: { maxRecords: 1 } });
    rig.isAway = true;
    for (const text of ['one', 'two']) rig.log(text);
    const report = await rig.after(3_000, rig.pipeline.lifecycle.close());
    expect(report).toEqual({ delivered: 0, dropped: 2, pending: 0 });
    expect(rig.pipeline.stats()).toMatchObject({ accepted: 2, dropped: { overflow: 1, closed: 1 } });
  });

  it('has no notice of a drop follow', async () => {
    const rig = new Rig();
    await rig.after(1_000, rig.pipeline.lifecycle.close());
    const { armed } = rig.clock;
    rig.log('late');
    await rig.clock.pass(60_000);
    expect([rig.sent, rig.clock.armed]).toEqual([[], armed]);
  });

  it('waits for what the fallback has got to be written, up to a second', async () => {
    const rig = new Rig({ fallback: () => new Promise(() => {}) });
    rig.isAway = true;
    rig.log('one');
    let endedAt = 0;
    void rig.pipeline.lifecycle.close().then(() => {
      endedAt = rig.clock.now;
    });
    await rig.clock.pass(5_000);
    expect(endedAt).toBe(2_000);
  });

  it('is over when the connection is closed', async () => {
    const closed = deferred<void>();
    const send = async ({ topic }: Sent): Promise<unknown> => storedIn(topic);
    const producer = { connect: async () => undefined, disconnect: () => closed.promise, send };
    const rig = new Rig({ producer: () => producer });
    rig.log('one');
    let isOver = false;
    const over = rig.pipeline.lifecycle.close().then(() => {
      isOver = true;
    });
    await rig.clock.pass(500);
    expect([rig.pipeline.stats().state, isOver]).toEqual(['closed', false]);
    closed.resolve();
    await over;
  });

  it('leaves no timer of a notice that it has told', async () => {
    const rig = new Rig({ buffer: { maxRecords: 1 } });
    for (const text of ['one', 'two']) rig.log(text);
    await rig.after(0, rig.pipeline.lifecycle.close());
    expect(rig.sent).toEqual(['two', untold('1 record was not delivered: overflow 1')]);
    expect(rig.clock.armed).toBe(0);
  });

  it('says of the records that it has waited for what became of them, though others have come to disk since', async () => {
    const rig = new Rig({ spool: { directory: directoryOfSpec() }, dropNotice: false });
    rig.isAway = true;
    rig.log('one');
    const closing = rig.pipeline.lifecycle.close();
    rig.log('two');
    expect(await rig.after(2_000, closing)).toEqual({ delivered: 0, dropped: 0, pending: 1 });
    expect(rig.pipeline.stats().spooled).toBe(2);
  });

  it('at the end of the process, is short where no broker was ever there', async () => {
    const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const connect = async (): Promise<never> => {
      throw refused;
    };
    const endsAt = async (isLast?: boolean): Promise<number> => {
      const producer = { connect, disconnect: async () => undefined, send: connect };
      const rig = new Rig({ producer: () => producer, closeTimeoutMs: 60_000 });
      rig.log('one');
      let endedAt = 0;
      void rig.pipeline.lifecycle.close(isLast).then(() => {
        endedAt = rig.clock.now;
      });
      await rig.clock.pass(62_000);
      return endedAt;
    };
    expect(await endsAt(true)).toBeLessThan(3_000);
    expect([await endsAt(false), await endsAt()]).toEqual([60_000, 60_000]);
  });
});

it('a flush for a signal ends when its time is up, where Kafka is neither away nor answers', async () => {
  const never = (): Promise<never> => new Promise(() => undefined);
  const producer = { connect: async () => undefined, disconnect: async () => undefined, send: never };
  const rig = new Rig({ producer });
  await rig.clock.pass(500);
  rig.log('one');
  let endedAt = 0;
  void rig.pipeline.lifecycle.flushUnlessDown(1_000).then(() => {
    endedAt = rig.clock.now;
  });
  await rig.clock.pass(5_000);
  expect(endedAt).toBe(1_500);
});

describe('giving up', () => {
  const write = (): unknown => undefined;

  it.each([
    ['no fallback', undefined, 'It is lost.'],
    ['one that has written it', write, 'The fallback has got it.'],
    ['one that has not written it yet', () => new Promise(() => {}), 'what it has not written'],
  ])('is one line on the console: with %s', async (_, fallback, said) => {
    const lines = consoleLines();
    const rig = new Rig({ fallback });
    rig.isAway = true;
    rig.log('one');
    await rig.clock.pass(1_000);
    rig.pipeline.lifecycle.giveUp();
    expect(lines.filter((line) => line.includes('process ends'))).toEqual([expect.stringContaining(said)]);
    expect(lines.at(-1)).toContain('1 record (away).');
    rig.pipeline.lifecycle.giveUp();
    rig.expectBalanced();
  });

  it('says nothing where nothing is left, nor anything of what was given up before', async () => {
    const lines = consoleLines();
    const rig = new Rig({ fallback: undefined });
    rig.pipeline.lifecycle.giveUp();
    expect(lines).toEqual([]);
    for (const text of ['one', 'two', 'three']) {
      rig.log(text);
      rig.pipeline.lifecycle.giveUp();
    }
    expect(lines.filter((line) => line.includes('process ends'))).toEqual(
      Array(3).fill(
        expect.stringContaining(
          '1 record (there was no time to send them). It is lost. Await transport.flush()',
        ),
      ),
    );
  });

  it('tells of those as lost that a fallback does not take, by its level', () => {
    const lines = consoleLines();
    const fallback: TransportStream = new Collecting({ level: 'error' });
    const rig = new Rig({ fallback });
    rig.log('taken', { level: 'error', [Symbol.for('level')]: 'error' });
    rig.log('not taken');
    rig.log('nor this one');
    rig.pipeline.lifecycle.giveUp();
    expect(lines.at(-1)).toContain('2 records (there was no time to send them). They are lost.');
    rig.log('taken', { level: 'error', [Symbol.for('level')]: 'error' });
    rig.pipeline.lifecycle.giveUp();
    expect(lines.at(-1)).toContain('1 record (there was no time to send them). The fallback has got it');
    rig.log('not taken');
    rig.pipeline.lifecycle.giveUp();
    expect(lines.at(-1)).toContain('1 record (there was no time to send them). It is lost.');
  });

  it('after a signal, says what helps there', async () => {
    const lines = consoleLines();
    const rig = new Rig({ fallback: undefined });
    await rig.pipeline.lifecycle.flushUnlessDown(1_000);
    rig.log('one');
    rig.pipeline.lifecycle.giveUp();
    expect(lines.at(-1)).toContain('In a handler of the signal');
  });
});

describe('the exit', () => {
  it('gives up what is left, and leaves the spool to others', async () => {
    const directory = directoryOfSpec();
    const rig = new Rig({ spool: { directory } });
    rig.log('one');
    rig.pipeline.lifecycle.drainOnExit(1_000);
    expect(rig.undelivered).toEqual([]);
    const other = new Rig({ spool: { directory } });
    await other.clock.pass(2_000);
    expect(other.sent).toEqual(['one']);
  });

  it('leaves a transport as the fallback no time to call back: it gets all at once', () => {
    const got: unknown[] = [];
    const log = ({ message }: { message: unknown }): unknown => got.push(message);
    // As winston's File has one, which is not written yet.
    const fallback = Object.assign(new TransportStream({ log }), { _stream: { writableLength: 1 } });
    const rig = new Rig({ fallback });
    for (const text of ['one', 'two', 'three']) rig.log(text);
    rig.pipeline.lifecycle.drainOnExit(0);
    expect(got).toEqual(['one', 'two', 'three']);
  });

  it('holds its warnings back until nothing is left to be done', () => {
    const rig = new Rig({ fallback: undefined });
    rig.log('one');
    rig.pipeline.lifecycle.drainOnExit(0);
    expect(rig.warnings).toEqual([]);
    rig.pipeline.lifecycle.emitDeferredWarnings();
    expect(rig.warnings).toEqual([expect.stringContaining('is dropping records')]);
  });

  it('that comes soon waits for what the fallback has got to be written', async () => {
    const written = deferred<void>();
    const rig = new Rig({ fallback: () => written.promise });
    rig.log('one');
    let isOver = false;
    const over = rig.pipeline.lifecycle.giveUpBeforeExit().then(() => {
      isOver = true;
    });
    expect(rig.pipeline.stats().dropped.closed).toBe(1);
    await rig.clock.pass(900);
    expect(isOver).toBe(false);
    written.resolve();
    await rig.clock.pass(10);
    expect(isOver).toBe(true);
    await over;
  });

  it('waits a second for that, and no longer', async () => {
    const rig = new Rig({ fallback: () => new Promise(() => {}) });
    rig.log('one');
    let endedAt = 0;
    void rig.pipeline.lifecycle.giveUpBeforeExit().then(() => {
      endedAt = rig.clock.now;
    });
    await rig.clock.pass(5_000);
    expect(endedAt).toBe(1_000);
  });
});

it('a release closes the connection, and gives nothing up', async () => {
  const rig = new Rig();
  rig.log('one');
  await rig.clock.pass(1_000);
  await rig.after(10, rig.pipeline.lifecycle.disconnect());
  expect(rig.disconnects).toBe(1);
  rig.log('two');
  await rig.clock.pass(5_000);
  expect(rig.sent).toEqual(['one', 'two']);
});

it.each([
  [29_999, true],
  [30_000, false],
])(
  'a process that ends %d ms after a signal is told that the signal was the reason: %s',
  async (ms, isBySignal) => {
    const rig = new Rig();
    const { lifecycle, warnings } = rig.pipeline;
    const told = vi.spyOn(warnings, 'lostAtExit').mockImplementation(() => undefined);
    await lifecycle.flushUnlessDown(5_000);
    await rig.clock.pass(ms);
    rig.log('one');
    lifecycle.giveUp();
    expect(told.mock.lastCall).toEqual([1, undefined, 'written', isBySignal, false]);
  },
);

it('a failure of the spool that had passed was given as the reason why records are lost', () => {
  const rig = new Rig();
  const { lifecycle, warnings } = rig.pipeline;
  const order: string[] = [];
  vi.spyOn(warnings, 'onGiveUp').mockImplementation(() => void order.push('forgets earlier failures'));
  vi.spyOn(warnings, 'lostAtExit').mockImplementation(() => void order.push('tells of lost records'));
  rig.log('one');
  lifecycle.giveUp();
  expect(order).toEqual(['forgets earlier failures', 'tells of lost records']);
});

it('a process with a spool was told that a spool would keep the record whose serialize was pending', () => {
  const rig = new Rig({
    spool: { directory: directoryOfSpec() },
    serialize: () => new Promise<string>(() => undefined),
  });
  const { lifecycle, warnings } = rig.pipeline;
  const told = vi.spyOn(warnings, 'lostAtExit').mockImplementation(() => undefined);
  rig.log('one');
  lifecycle.giveUp();
  expect(told.mock.lastCall).toEqual([1, undefined, 'written', false, true]);
});

it.each<[string, (lifecycle: Lifecycle) => unknown]>([
  ['close', (lifecycle) => lifecycle.close()],
  ['end of the process', (lifecycle) => lifecycle.giveUp()],
])(
  'at a %s, a listener that ended the process when the disk was full had records dropped that were safe there',
  async (_, giveUp) => {
    const directory = directoryOfSpec();
    // Room for one piece of a megabyte, not for two.
    const rig = new Rig({ spool: { directory, maxBytes: 1_700_000 }, closeTimeoutMs: 0 });
    rig.isAway = true;
    for (let at = 0; at < 2_000; at++) rig.log('x'.repeat(900));
    const settled: number[] = [];
    rig.emitter.on('warn', ({ code }: { code: string }) => {
      if (code !== 'ERR_SPOOL_FAILED') return;
      rig.pipeline.lifecycle.drainOnExit(0);
      const { dropped, spooled } = rig.pipeline.stats();
      settled.push(dropped.closed, spooled);
    });
    await rig.after(2_000, Promise.resolve(giveUp(rig.pipeline.lifecycle)));
    const [dropped = 0, spooled = 0] = settled;
    expect({ sum: dropped + spooled, hasDropped: dropped > 0 }).toEqual({ sum: 2_000, hasDropped: true });
    let waiting = 0;
    for (const segment of segmentsSeen(directory, rig.clock.systemTime(), (error) =>
      expect(error).toBe(undefined),
    ))
      waiting += segment.waiting.length;
    expect(waiting).toBe(spooled);
  },
);
