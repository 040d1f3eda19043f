// What is on disk is read whenever the sender looks for what is due. It looked for nothing any more, although there was room.
import { expect, it } from 'vitest';
import { Ledger } from '../../lib/accumulator/ledger.ts';
import { NotSentError } from '../../lib/clients/not-sent-error.ts';
import type { SenderOptions } from '../../lib/sender/sender-options.ts';
import { Spool } from '../../lib/spool/spool.ts';
import { directoryOfSpec, replaceInFs, systemError } from '../spool/rig.ts';
import { HeldClock, Rig, recordOf, stored, textsOf } from './rig.ts';

const TEXTS = Array.from({ length: 15 }, (_, at) => String(at));

/** A sender with memory for ten records, and a disk for the others. */
function rigWithSpool(
  overrides: Partial<SenderOptions> & { source?: never },
  mode: 'overflow' | 'always' = 'overflow',
): {
  rig: Rig;
  clock: HeldClock;
  ledger: Ledger;
} {
  const clock = new HeldClock();
  const ledger = new Ledger();
  const spool = new Spool({ directory: directoryOfSpec(), mode, maxBytes: 1_000_000 }, clock, {
    onAdopted: (records, positions) => ledger.adopt(records, positions),
    onDamaged: () => undefined,
    onLost: (records) => ledger.loseSpooled(records),
    onError: () => undefined,
    onWork: () => rig.sender.onSpooledWork(),
  });
  const buffer = { maxRecords: 10, maxBytes: 1_000_000, overflow: 'drop-oldest' } as const;
  const rig = new Rig({ clock, ledger, spool, buffer, ...overrides });
  spool.open();
  return { rig, clock, ledger };
}

it('when all of memory had expired: what is on disk expires, too', async () => {
  const retry = { initialMs: 100, maxMs: 1_000, maxAgeMs: 2_000 };
  const { rig, clock, ledger } = rigWithSpool({ retry });
  rig.connect = () => Promise.reject(new Error('ECONNREFUSED'));
  rig.log(...TEXTS);
  await clock.pass(3_000);
  expect(rig.dropped.map(({ text, reason }) => `${reason} ${text}`)).toEqual(
    TEXTS.map((text) => `expired ${text}`),
  );
  expect(ledger.spooledWaiting).toBe(0);
});

it('when all of memory had expired, and no broker of the topic was ever reached', async () => {
  const { rig, clock, ledger } = rigWithSpool({ retry: { initialMs: 100, maxMs: 1_000, maxAgeMs: 2_000 } });
  let isReached = false;
  rig.learns = 1;
  rig.answer = (batch) => (isReached ? stored(batch) : Promise.reject(new NotSentError('no connection')));
  rig.log(...TEXTS);
  await clock.pass(10_000);
  expect([rig.dropped.length, ledger.unsettled]).toEqual([15, 0]);
  isReached = true;
  rig.log('later');
  await clock.pass(10_000);
  expect(rig.delivered).toEqual(['later']);
});

it('when the file could not be read for a moment', async () => {
  const { rig, clock } = rigWithSpool({});
  let canRead = false;
  replaceInFs('readFileSync', (real) => (...args: Parameters<typeof real>) => {
    if (!canRead && String(args[0]).endsWith('.seg')) throw systemError('EMFILE');
    return real(...args);
  });
  rig.log(...TEXTS);
  await clock.pass(1_000);
  expect(rig.delivered).toEqual(TEXTS.slice(0, 10));
  canRead = true;
  await clock.pass(5_000);
  expect(rig.delivered).toEqual(TEXTS);
});

it('when all was given up because the process was about to end, and it lived on', async () => {
  const { rig, clock } = rigWithSpool({}, 'always');
  rig.answer = () => Promise.reject(new Error('ECONNRESET'));
  rig.log('1', '2', '3');
  await clock.pass(1_000);
  rig.sender.giveUp();
  rig.answer = stored;
  const flush = rig.flush();
  await clock.pass(5_000);
  expect(await flush).toEqual({ delivered: 3, dropped: 0, pending: 0 });
  expect(rig.delivered).toEqual(['1', '2', '3']);
});

it('when the last record in memory could not be sent, and they had to show that it is the cause', async () => {
  const { rig, clock } = rigWithSpool({ batch: { maxRecords: 1, maxBytes: 10_000, lingerMs: 0 } });
  let isAway = true;
  rig.answer = (batch) => {
    if (batch.topic === 'other' && isAway) return Promise.reject(new Error('ECONNRESET'));
    return textsOf(batch.content).includes('bad') ? Promise.reject(new TypeError('bad')) : stored(batch);
  };
  for (const text of TEXTS.slice(0, 9)) rig.sender.add(recordOf({ topic: 'other', text }));
  rig.log('bad');
  await clock.pass(1_000);
  rig.log('after 1', 'after 2');
  isAway = false;
  await clock.pass(60_000);
  expect(rig.dropped).toMatchObject([{ text: 'bad', reason: 'rejected' }]);
  expect(rig.delivered.filter((text) => text.startsWith('after'))).toEqual(['after 1', 'after 2']);
});

it('when there are more before them than one turn reads, all of a topic that cannot be sent', async () => {
  const { rig, clock } = rigWithSpool({ batch: { maxRecords: 1, maxBytes: 10_000, lingerMs: 0 } });
  rig.answer = (batch) => (batch.topic === 'away' ? Promise.reject(new Error('ECONNRESET')) : stored(batch));
  for (let at = 0; at < 1_200; at++) rig.sender.add(recordOf({ topic: 'away', text: String(at) }));
  rig.log('a');
  // No time passes.
  await clock.settle();
  expect(rig.delivered).toEqual(['a']);
});
