import { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { resolveOptions } from '../../lib/options/resolve.ts';
import { Pipeline } from '../../lib/pipeline/pipeline.ts';
import { hopsOf } from '../../lib/record/hops.ts';
import { type Info, LEVEL, type Levels, MESSAGE } from '../../lib/util/info.ts';
import { HeldClock } from '../sender/rig.ts';
import { directoryOfSpec } from '../spool/rig.ts';

const NPM: Levels = { error: 0, warn: 1, info: 2 };
const SYSLOG: Levels = { error: 3, warning: 4, info: 6 };

interface Sent {
  readonly topic: string;
  readonly messages: readonly { readonly value: string }[];
}

/** A pipeline, and a producer that was handed in. */
class Rig {
  readonly clock = new HeldClock();
  readonly emitter = new EventEmitter();
  readonly sent: string[] = [];
  readonly undelivered: string[] = [];
  readonly warnings: string[] = [];
  readonly pipeline: Pipeline;
  isAway = false;

  constructor(given: object = {}) {
    const producer = {
      connect: async () => {
        if (this.isAway) throw new Error('away');
      },
      disconnect: async () => undefined,
      send: async ({ topic, messages }: Sent) => {
        if (this.isAway) throw new Error('away');
        this.sent.push(...messages.map(({ value }) => String(value)));
        return [{ topicName: topic, partition: 0, errorCode: 0 }];
      },
    };
    this.emitter.on('warn', (error: Error) => this.warnings.push(error.message));
    const options = resolveOptions({
      topic: 'logs',
      producer,
      loopDetection: false,
      closeTimeoutMs: 1_000,
      fallback: ({ reason, message }: { reason: string; message: string }) =>
        this.undelivered.push(`${reason} ${message}`),
      ...given,
    });
    this.pipeline = new Pipeline(options, this.emitter, this.clock);
  }

  log(text: string, fields: object = {}, levels: Levels = NPM): void {
    const info: Info = { level: 'info', message: text, [LEVEL]: 'info', [MESSAGE]: text, ...fields };
    this.pipeline.infos.admit(info, levels, undefined, undefined);
  }

  expectBalanced(): void {
    const { accepted, delivered, buffered, inFlight, spooled, replayed, dropped } = this.pipeline.stats();
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    expect(accepted).toBe(delivered + buffered.records + inFlight + (spooled - replayed) + lost);
  }
}

describe('an info', () => {
  it('is sent, and counted', async () => {
    const rig = new Rig();
    rig.log('one');
    rig.log('two');
    expect(rig.pipeline.stats()).toMatchObject({
      accepted: 2,
      delivered: 0,
      buffered: { records: 2, bytes: 6 },
    });
    await rig.clock.pass(1_000);
    expect(rig.sent).toEqual(['one', 'two']);
    expect(rig.pipeline.stats()).toMatchObject({ state: 'up', accepted: 2, delivered: 2, inFlight: 0 });
    expect(rig.pipeline.lifecycle.held).toBe(0);
  });

  it('is kept from Kafka by the filter, or where it goes round in a loop, and counted', async () => {
    const rig = new Rig({ filter: ({ message }: { message: string }) => message !== 'no', loopHeader: true });
    rig.log('no');
    rig.log('again', hopsOf({ 'log-hops': '9' }));
    rig.log('yes');
    await rig.clock.pass(1_000);
    expect(rig.sent).toEqual(['yes']);
    expect(rig.pipeline.stats()).toMatchObject({
      accepted: 1,
      loops: 1,
      suppressed: { filtered: 1, loop: 1 },
    });
    expect(rig.undelivered).toEqual(['loop again']);
  });

  it('that cannot be read, or has no topic, is dropped as invalid', () => {
    const rig = new Rig({ topic: () => 'no topic' });
    rig.log('one');
    rig.pipeline.infos.admitUnreadable(new Error('no'));
    expect(rig.pipeline.stats()).toMatchObject({ accepted: 2, dropped: { invalid: 2 } });
    expect(rig.undelivered).toEqual(['invalid one', 'invalid ']);
    rig.expectBalanced();
  });
});

describe('a drop notice', () => {
  it.each([
    ['warn', NPM],
    ['warning', SYSLOG],
  ])('tells the topic what is missing, at the level %s', async (level, levels) => {
    const rig = new Rig({ buffer: { maxRecords: 1 } });
    for (const text of ['one', 'two', 'three']) rig.log(text, {}, levels);
    await rig.clock.pass(1_000);
    const notice = JSON.parse(rig.sent[1] ?? '{}') as unknown;
    expect(rig.sent[0]).toBe('three');
    expect(notice).toEqual({
      level,
      message: 'winston-kafkajs: 2 records were not delivered: overflow 2',
      dropped: { total: 2, overflow: 2 },
    });
    expect(rig.pipeline.stats()).toMatchObject({ accepted: 4, delivered: 2, dropped: { overflow: 2 } });
  });

  it('goes out with close, though the last one was a moment ago', async () => {
    const rig = new Rig({ buffer: { maxRecords: 1 } });
    for (const text of ['one', 'two']) rig.log(text);
    await rig.clock.pass(1_000);
    for (const text of ['three', 'four']) rig.log(text);
    const closing = rig.pipeline.lifecycle.close();
    await rig.clock.pass(1_000);
    await closing;
    const notice = expect.stringContaining('1 record was not delivered: overflow 1');
    expect(rig.sent).toEqual(['two', notice, 'four', notice]);
  });

  it('is left out with dropNotice: false', async () => {
    const rig = new Rig({ buffer: { maxRecords: 1 }, dropNotice: false });
    rig.log('one');
    rig.log('two');
    await rig.clock.pass(60_000);
    expect(rig.sent).toEqual(['two']);
  });
});

it('what sample has left out is told with close, though the minute is not over', async () => {
  const rig = new Rig({ sample: { info: 0 } });
  rig.log('left out');
  const closing = rig.pipeline.lifecycle.close();
  await rig.clock.pass(1_000);
  await closing;
  expect(rig.sent).toEqual([expect.stringContaining('1 record was left out by sample or rateLimit: info 1')]);
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

it('a flush for a signal ends when the transport is closed, and holds nothing up: what is in the spool stays there', async () => {
  const rig = new Rig({ spool: { directory: directoryOfSpec() } });
  const { lifecycle } = rig.pipeline;
  rig.isAway = true;
  rig.log('one');
  const closing = lifecycle.close();
  await rig.clock.pass(1_500);
  await closing;
  expect(rig.pipeline.stats()).toMatchObject({ state: 'closed', spooled: 1 });
  let turns = 0;
  const turn = setImmediate(() => turns++);
  // Time stands still: what would go round and round until it is up, would go round for ever.
  await lifecycle.flushUnlessDown(5_000);
  clearImmediate(turn);
  expect(turns).toBe(0);
});

it.each([
  [20_000, true],
  [60_000, false],
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
    expect(told.mock.lastCall).toEqual([1, undefined, 'written', isBySignal]);
  },
);
