import { describe, expect, it } from 'vitest';
import { NPM, Rig, SYSLOG } from './rig.ts';

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

  // Where the first connect took longer than a second (of a thread that starts on a busy machine), the notice of the records that the
  // full buffer had dropped had one more dropped.
  it.each(['drop-oldest', 'drop-newest', 'drop-lowest'])(
    'takes the place of no record while the first connect goes on (%s)',
    async (overflow) => {
      let connected = (): void => undefined;
      const connecting = new Promise<void>((resolve) => {
        connected = resolve;
      });
      const rig = new Rig({ buffer: { maxRecords: 2, overflow }, requestTimeoutMs: 60_000, connecting });
      for (const text of ['one', 'two', 'three']) rig.log(text);
      await rig.clock.pass(30_000);
      connected();
      await rig.clock.pass(1_000);
      const kept = overflow === 'drop-newest' ? ['one', 'two'] : ['two', 'three'];
      expect(rig.sent).toEqual([...kept, expect.stringContaining('1 record was not delivered: overflow 1')]);
      expect(rig.pipeline.stats()).toMatchObject({ accepted: 4, delivered: 3, dropped: { overflow: 1 } });
    },
  );

  it('is left out with dropNotice: false', async () => {
    const rig = new Rig({ buffer: { maxRecords: 1 }, dropNotice: false });
    rig.log('one');
    rig.log('two');
    await rig.clock.pass(60_000);
    expect(rig.sent).toEqual(['two']);
  });
});
