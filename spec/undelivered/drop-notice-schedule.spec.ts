import { expect, it } from 'vitest';
import type { DropReason, PendingRecord } from '../../lib/record/record.ts';
import { DropNoticeSchedule } from '../../lib/undelivered/drop-notice-schedule.ts';
import { HeldClock, recordOf } from '../sender/rig.ts';

function teller() {
  const clock = new HeldClock();
  const sent: PendingRecord[] = [];
  const parts = { canTell: true };
  const drops = new DropNoticeSchedule({
    clock,
    canTell: () => parts.canTell,
    make: ({ total, byReason }) => recordOf({ text: `${total} ${Object.keys(byReason)}` }),
    send: (notice) => sent.push(notice),
  });
  return { clock, sent, parts, drops, texts: () => sent.map(({ text }) => text) };
}

it.each<[DropReason, string[]]>([
  ['overflow', ['1 overflow']],
  ['oversize', ['1 oversize']],
  ['expired', ['1 expired']],
  ['invalid', ['1 invalid']],
  // The notice would be refused as well, and its notice, too.
  ['rejected', []],
])('%s: told by itself after a second, where nothing gets through before', async (reason, expected) => {
  const { clock, drops, texts } = teller();
  drops.onDropped(recordOf(), reason);
  await clock.pass(999);
  expect(texts()).toEqual([]);
  await clock.pass(1);
  expect(texts()).toEqual(expected);
});

it('not while nothing gets through; and with the next success at once', async () => {
  const { clock, drops, parts, texts } = teller();
  parts.canTell = false;
  drops.onDropped(recordOf(), 'overflow');
  await clock.pass(60_000);
  expect(texts()).toEqual([]);
  parts.canTell = true;
  drops.tell(false);
  expect(texts()).toEqual(['1 overflow']);
});

it('at most every ten seconds; and a notice that is dropped itself is told in the next', async () => {
  const { clock, drops, sent, texts } = teller();
  drops.onDropped(recordOf(), 'overflow');
  await clock.pass(1_000);
  const [notice = recordOf()] = sent;
  drops.onDropped(notice, 'overflow');
  await clock.pass(9_999);
  expect(texts()).toEqual(['1 overflow']);
  await clock.pass(2_000);
  expect(texts()).toEqual(['1 overflow', '2 overflow']);
});
