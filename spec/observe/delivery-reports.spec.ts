import { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { isPacked, type Records } from '../../lib/accumulator/batch.ts';
import type { Loop } from '../../lib/loop-detector/loop-detection.ts';
import { isGuarded } from '../../lib/loop-safety/guard.ts';
import { Channels, type LoopDetectedMessage, type RecordDroppedMessage } from '../../lib/observe/channels.ts';
import { DeliveryReports } from '../../lib/observe/delivery-reports.ts';
import { StatsCollector } from '../../lib/observe/stats-collector.ts';
import { Warnings } from '../../lib/observe/warnings.ts';
import type { Fallback, Undelivered } from '../../lib/undelivered/fallback.ts';
import { FallbackWrites } from '../../lib/undelivered/fallback-writes.ts';
import { type Info, LEVEL, MESSAGE } from '../../lib/util/info.ts';
import { deepQueue, HeldClock, recordOf } from '../sender/rig.ts';
import { messagesOn } from './subscribed.ts';

const BOOM = new Error('boom');

/** With the real parts around it, and what the application hears. */
function rig(fallback?: Fallback) {
  const clock = new HeldClock();
  const emitter = new EventEmitter();
  const heard: { code: string; message: string }[] = [];
  emitter.on('warn', (warning) => heard.push(warning));
  const warnings = new Warnings(emitter, clock);
  const statsCollector = new StatsCollector(clock, 'fast');
  const fallbackWrites = new FallbackWrites(fallback, clock, () => true);
  const channels = new Channels(emitter, (error) => warnings.listenerFailed(error));
  const levels = () => ({ error: 0, info: 2 });
  const reports = new DeliveryReports({
    ...{ emitter, fallback, fallbackWrites, levels, warnings, statsCollector, channels },
  });
  const latencies = (): number => statsCollector.stats.histograms.latencyMs.count;
  return { emitter, heard, warnings, fallbackWrites, reports, latencies };
}

/** Records as they stand in pages. */
function packed(...texts: string[]): Records {
  const queue = deepQueue();
  for (const text of texts) queue.push(recordOf({ text, level: 'error' }));
  return queue.takePacked({ most: 10, maxBytes: 1_000 }) ?? expect.unreachable('they are packed');
}

const infoOf = (level: string, message: string): Info => ({
  ...{ level, message, [LEVEL]: level, [MESSAGE]: message },
});

describe('records that are delivered', () => {
  it.each([
    ['objects', () => [recordOf({ text: 'a' }), recordOf({ text: 'b' })]],
    ['packed', () => packed('a', 'b')],
  ])('are counted, whether or not somebody listens: %s', (_name, records) => {
    const { reports, emitter, latencies } = rig();
    reports.delivered(records());
    emitter.on('logged', () => undefined);
    reports.delivered(records());
    expect(latencies()).toBe(4);
  });

  it('are told of in their order, under the guard: the info that was kept, or one like it', () => {
    const { reports, emitter } = rig();
    const heard: unknown[] = [];
    emitter.on('logged', (info) => heard.push([isGuarded(), info]));
    const kept = { mine: true };
    reports.delivered([Object.assign(recordOf({ text: 'a' }), { info: kept }), recordOf({ text: 'b' })]);
    reports.delivered(packed('c', 'd'));
    expect(heard).toEqual([
      [true, kept],
      [true, infoOf('info', 'b')],
      [true, infoOf('error', 'c')],
      [true, infoOf('error', 'd')],
    ]);
    expect((heard[0] as unknown[])[1]).toBe(kept);
  });

  it('are told of to those who listen now: one of `once` hears of the first', () => {
    const { reports, emitter } = rig();
    const heard: unknown[] = [];
    emitter.once('logged', (info) => heard.push(info));
    reports.delivered([recordOf({ text: 'a' }), recordOf({ text: 'b' })]);
    expect(heard).toEqual([infoOf('info', 'a')]);
  });

  it('are let go of: queues may refer to them for a while', () => {
    const { reports } = rig();
    const record = Object.assign(recordOf({ text: 'a' }), { value: Buffer.from('v'), info: {} });
    reports.delivered([record]);
    expect(record).toMatchObject({ text: '', value: undefined, info: undefined });
  });

  it('are not made objects of where they are packed and nobody listens', () => {
    const { reports } = rig();
    const records = packed('a');
    if (!isPacked(records)) return expect.unreachable();
    const toObjects = vi.spyOn(records, 'toObjects');
    reports.delivered(records);
    expect(toObjects).not.toHaveBeenCalled();
  });

  it('are all told of, though a listener throws', () => {
    const { reports, emitter, warnings } = rig();
    let heard = 0;
    emitter.on('logged', () => {
      heard++;
      throw BOOM;
    });
    reports.delivered([recordOf(), recordOf()]);
    expect([heard, warnings.callbackFailures.listener]).toEqual([2, 2]);
  });
});

describe('a record that is dropped', () => {
  it('is told of by a warning and on the channel', () => {
    const messages = messagesOn<RecordDroppedMessage>('record:dropped');
    const { reports, heard } = rig();
    reports.dropped(recordOf({ topic: 'audit', text: 'four' }), 'rejected', BOOM);
    expect(heard).toMatchObject([{ code: 'ERR_RECORDS_DROPPED', cause: BOOM }]);
    expect(heard[0]?.message).toContain('(topic "audit": boom)');
    const told = { topic: 'audit', level: 'info', time: 0, bytes: 4, reason: 'rejected', cause: BOOM };
    expect(messages).toMatchObject([told]);
    expect(reports.handedOn).toBe(0);
  });

  it('goes to the fallback, which is counted', () => {
    const given: Undelivered[] = [];
    const { reports } = rig((undelivered) => given.push(undelivered));
    reports.dropped(recordOf({ text: 'a', key: 'k' }), 'expired', BOOM);
    reports.dropped(recordOf({ text: 'b' }), 'overflow', undefined);
    expect(given).toMatchObject([
      { reason: 'expired', message: 'a', key: 'k', topic: 'logs', level: 'info', cause: BOOM },
      { reason: 'overflow', message: 'b', cause: undefined },
    ]);
    expect(reports.handedOn).toBe(2);
  });

  it.each([
    ['error', ['a']],
    ['info', []],
  ])('at the level %s goes to a fallback that takes errors: %j', (level, texts) => {
    const given: unknown[] = [];
    const fallback = {
      level: 'error',
      log: (info: Info) => given.push(info.message),
    } as unknown as Fallback;
    const { reports } = rig(fallback);
    reports.dropped(recordOf({ text: 'a', level }), 'overflow', undefined);
    expect(given).toEqual(texts);
    expect(reports.handedOn).toBe(texts.length);
  });

  it('is waited for at the end, where the fallback is async', async () => {
    let written: () => void = () => undefined;
    const { reports, fallbackWrites } = rig(
      () =>
        new Promise<void>((resolve) => {
          written = resolve;
        }) as never,
    );
    reports.dropped(recordOf(), 'overflow', undefined);
    expect(fallbackWrites.isDone).toBe(false);
    written();
    await new Promise(setImmediate);
    expect(fallbackWrites.isDone).toBe(true);
  });

  it('is told of, and on the channel, though the fallback throws', () => {
    const messages = messagesOn<RecordDroppedMessage>('record:dropped');
    const { reports, heard, warnings } = rig(() => {
      throw BOOM;
    });
    reports.dropped(recordOf(), 'overflow', undefined);
    expect(heard.map(({ code }) => code)).toEqual(['ERR_FALLBACK_FAILED', 'ERR_RECORDS_DROPPED']);
    expect(heard[0]?.message).toContain('what it was given is lost, and counted');
    expect([messages.length, warnings.callbackFailures.fallback, reports.handedOn]).toEqual([1, 1, 1]);
  });
});

it('a record of a loop goes to the fallback, and is no drop', () => {
  const messages = messagesOn<RecordDroppedMessage>('record:dropped');
  const given: Undelivered[] = [];
  const { reports, heard } = rig((undelivered) => given.push(undelivered));
  reports.suppressedAsLoop(recordOf({ text: 'round' }));
  expect(given).toMatchObject([{ reason: 'loop', message: 'round', cause: undefined }]);
  expect([heard, messages, reports.handedOn]).toEqual([[], [], 1]);
});

it('a loop is told of by a warning, and on the channel', () => {
  const messages = messagesOn<LoopDetectedMessage>('loop:detected');
  const { reports, heard } = rig();
  const loop: Loop = {
    ...{ by: 'silence', fingerprint: 'info: sent #', level: 'info', shape: 'sent #', callSite: 'a.js:1:2' },
    ...{ delayMs: 12, suppressedForMs: 60_000 },
  };
  reports.loopFound(loop);
  expect(heard).toMatchObject([{ code: 'ERR_LOOP_FOUND' }]);
  for (const part of ['about 12 ms after each send', 'info: sent #', 'let through again in 60 s'])
    expect(heard[0]?.message).toContain(part);
  const { level, shape, callSite, suppressedForMs } = loop;
  expect(messages).toMatchObject([{ kind: 'silence', level, shape, callSite, suppressedForMs }]);
});

it('loops by hops of many kinds are told of once: a line for each would be a flood', () => {
  const { reports, heard } = rig();
  for (const user of ['ann', 'bob', 'eve'])
    reports.loopFound({
      ...{
        by: 'hops',
        fingerprint: `info: ${user} #`,
        level: 'info',
        shape: `${user} #`,
        callSite: undefined,
      },
      ...{ delayMs: 0, suppressedForMs: Number.POSITIVE_INFINITY },
    });
  expect(heard).toMatchObject([{ code: 'ERR_LOOP_FOUND' }]);
  expect(heard[0]?.message).toContain('info: ann #');
});
