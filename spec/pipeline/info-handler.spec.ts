// What becomes of winston's infos.
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isGuarded } from '../../lib/loop-safety/guard.ts';
import { hopsOf } from '../../lib/record/headers/hops.ts';
import { LEVEL } from '../../lib/util/info.ts';
import type { Mark } from '../../lib/winston/mark.ts';
import { messagesOn } from '../observe/subscribed.ts';
import { directoryOfSpec } from '../spool/rig.ts';
import { Rig, SYSLOG } from './rig.ts';

const site = { file: '/app/main.js', line: 3, column: 7, function: 'main', module: 'main' };
const REENTRANT: Mark = {
  isReentrant: true,
  isUnreported: false,
  site: undefined,
  logger: undefined,
  span: undefined,
};

interface Suppressed {
  readonly reason: string;
  readonly info: { readonly message: string };
}

const suppressed = (messages: readonly Suppressed[]): string[] =>
  messages.map(({ reason, info }) => `${reason} ${info.message}`);

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
    expect(rig.pipeline.stats().rates.accepted).toBeGreaterThan(0);
    expect(rig.pipeline.lifecycle.unsettled).toBe(0);
  });

  it('is kept from Kafka by the filter, by sample, or where it goes round in a loop: counted, and told', async () => {
    const rig = new Rig({
      filter: ({ message }: { message: string }) => message !== 'no',
      sample: { debug: 0 },
      loopHeader: true,
    });
    const told = messagesOn<Suppressed>('record:suppressed');
    const isLoop = hopsOf({ 'log-hops': '9' });
    rig.log('no');
    rig.log('less', { level: 'debug', [LEVEL]: 'debug' });
    rig.log('again', isLoop);
    rig.log('yes');
    expect(suppressed(told)).toEqual(['filtered no', 'sampled less', 'loop again']);
    await rig.clock.pass(1_000);
    expect(rig.sent).toEqual(['yes']);
    expect(rig.pipeline.stats()).toMatchObject({
      accepted: 1,
      loops: 1,
      suppressed: { filtered: 1, sampled: 1, loop: 1, reentrant: 0 },
    });
    expect(rig.undelivered).toEqual(['loop again']);
  });

  it('that cannot be read, or has no topic, is dropped as invalid', () => {
    const rig = new Rig({ topic: () => 'no topic' });
    rig.log('one');
    rig.pipeline.infos.admitUnreadable(new Error('no'));
    expect(rig.pipeline.stats()).toMatchObject({ accepted: 2, dropped: { invalid: 2 } });
    expect(rig.undelivered).toEqual(['invalid one', 'invalid ']);
    expect(rig.warnings).toEqual([expect.stringContaining('topic'), expect.stringContaining('no')]);
    rig.expectBalanced();
  });

  it('is judged by what its mark says of where it was logged', () => {
    const files: unknown[] = [];
    const filter = ({ file }: { file: unknown }): boolean => files.push(file) > 1;
    const rig = new Rig({ filter, loopHeader: true });
    const found = messagesOn<{ callSite: string }>('loop:detected');
    const info = { level: 'info', message: 'x', ...hopsOf({ 'log-hops': '9' }) };
    for (const _ of ['filtered', 'in a loop'])
      rig.pipeline.infos.admit(info, SYSLOG, { ...REENTRANT, site: site as never }, undefined);
    expect(files).toEqual([site.file, site.file]);
    expect(found).toMatchObject([{ callSite: '/app/main.js:3:7' }]);
  });

  it('comes with the event of its delivery where somebody listens for that, as it was logged', async () => {
    const rig = new Rig();
    const logged: unknown[] = [];
    rig.emitter.on('logged', (info) => logged.push(info.id));
    rig.log('one', { id: 7 });
    await rig.clock.pass(1_000);
    expect(logged).toEqual([7]);
  });

  it('comes with a copy of that event where nobody listened when it was logged', async () => {
    const rig = new Rig();
    rig.log('one', { id: 7 });
    const logged: unknown[] = [];
    rig.emitter.on('logged', ({ message, id }) => logged.push([message, id]));
    await rig.clock.pass(1_000);
    expect(logged).toEqual([['one', undefined]]);
  });
});

describe('of what is kept from Kafka', () => {
  it('somebody is told, unless it was logged by who was being told', () => {
    const rig = new Rig({ filter: () => false });
    const depths: boolean[] = [];
    const told = messagesOn<Suppressed>('record:suppressed', () => {
      depths.push(isGuarded());
      rig.log('by who was told');
    });
    rig.log('one');
    expect(suppressed(told)).toEqual(['filtered one']);
    expect(depths).toEqual([true]);
    expect(rig.pipeline.stats().suppressed.filtered).toBe(2);
  });

  it('the mark counts, where it has one: it may be read when its log call is over', () => {
    const { infos } = new Rig().pipeline;
    const told = messagesOn<Suppressed>('record:suppressed', () => {
      if (told.length < 2) infos.suppress('reentrant', { message: 'marked' }, REENTRANT);
    });
    infos.suppress('loop', { message: 'untold' }, { ...REENTRANT, isUnreported: true });
    expect(told).toEqual([]);
    infos.suppress('reentrant', { message: 'told' });
    expect(suppressed(told)).toEqual(['reentrant told', 'reentrant marked']);
  });
});

describe('the end of the process', () => {
  it('is to be watched for from the first record on, and again once nothing was left', async () => {
    const rig = new Rig({ idleTimeoutMs: 5_000 });
    expect(rig.work).toEqual([]);
    rig.log('one');
    rig.log('two');
    expect(rig.work).toEqual(['work']);
    await rig.clock.pass(1_000);
    rig.log('three');
    expect(rig.work).toEqual(['work', 'work']);
    await rig.clock.pass(6_000);
    expect(rig.work).toEqual(['work', 'work', 'idle']);
  });

  it('is to be watched for from the first record on that was left out: the topic is to be told', async () => {
    const rig = new Rig({ sample: { info: 0 } });
    rig.log('one');
    // As one that no logger has made.
    rig.log('two', { [LEVEL]: undefined });
    expect(rig.work).toEqual(['work']);
    await rig.clock.pass(61_000);
    expect(rig.sent).toEqual([
      expect.stringContaining('2 records were left out by sample or rateLimit: info 2'),
    ]);
    rig.work.length = 0;
    rig.log('three');
    expect(rig.work).toEqual(['work']);
  });

  it('is no matter of a closed transport that leaves records out', async () => {
    const rig = new Rig({ sample: { info: 0 } });
    await rig.after(1_000, rig.pipeline.lifecycle.close());
    rig.log('one');
    expect(rig.work).toEqual([]);
  });

  it('is no matter of records that wait already when one more is left out', () => {
    const rig = new Rig({ sample: { debug: 0 } });
    rig.log('one');
    rig.log('left out', { level: 'debug', [LEVEL]: 'debug' });
    // Twice: each has something of its own that is to be sent.
    expect(rig.work).toEqual(['work', 'work']);
  });
});

it('how long records wait is counted from the first that waits', async () => {
  const rig = new Rig();
  await rig.clock.pass(50_000);
  rig.isAway = true;
  rig.log('one');
  expect(rig.pipeline.isReady(10_000)).toBe(true);
  await rig.clock.pass(9_000);
  rig.log('two');
  await rig.clock.pass(2_000);
  expect(rig.pipeline.isReady(10_000)).toBe(false);
});

it('what an earlier process has left goes first: the spool is opened before a record is taken in', () => {
  const directory = directoryOfSpec();
  const rig = new Rig({ spool: { directory } });
  expect(existsSync(directory)).toBe(false);
  rig.log('one');
  expect(existsSync(directory)).toBe(true);
});

it('own records have the levels of the logger that the last info came from', async () => {
  const rig = new Rig({ buffer: { maxRecords: 1 } });
  rig.log('one');
  rig.log('two', {}, SYSLOG);
  await rig.clock.pass(1_000);
  expect(rig.sent[1]).toMatch('"level":"warning"');
});
