// All records of one key that wait go together through a producer that was handed in, past those of other keys. What came back
// stood out of order then, or elsewhere: younger ones of the key could pass it.
import { expect, it } from 'vitest';
import { Ledger } from '../../lib/accumulator/ledger.ts';
import { Spool } from '../../lib/spool/spool.ts';
import { directoryOfSpec } from '../spool/rig.ts';
import { type Answer, deferred, HeldClock, Rig, recordOf, stored } from './rig.ts';

const HANDED_IN = { keepsSendTogether: false, isOwned: false };

function log(rig: Rig, ...texts: string[]): void {
  for (const text of texts) rig.sender.add(recordOf({ text, key: text.charAt(0) }));
}

const ofKey = (key: string, texts: readonly string[]): string[] =>
  texts.filter((text) => text.startsWith(key));

const refusal = (): Promise<never> => Promise.reject(Object.assign(new Error('no leader'), { code: 5 }));

/** With memory for twelve records, of which what cannot be sent keeps three, and a disk. */
async function rigWithSpool(directory: string): Promise<Rig & { readonly spool: Spool }> {
  const clock = new HeldClock();
  const ledger = new Ledger();
  const nothing = (): void => undefined;
  const spool = new Spool({ directory, mode: 'overflow', maxBytes: 1_000_000 }, clock, {
    onAdopted: (records, positions) => ledger.adopt(records, positions),
    onDamaged: nothing,
    onLost: nothing,
    onError: nothing,
    onWork: () => rig.sender.onSpooledWork(),
  });
  const buffer = { maxRecords: 12, maxBytes: 1_000_000, overflow: 'drop-oldest' } as const;
  const rig = Object.assign(new Rig({ clock, ledger, spool, buffer }, HANDED_IN), { spool, clock, ledger });
  spool.open();
  await clock.settle();
  return rig;
}

it('an answer with an error code puts no record with a key where only those without one wait', async () => {
  const rig = new Rig({}, HANDED_IN);
  const answers: Answer[] = [() => [{ topicName: 'logs', partition: 0, errorCode: 6 }]];
  rig.answer = (batch, client) => (answers.shift() ?? stored)(batch, client);
  log(rig, 'a0');
  await rig.clock.pass(20);
  log(rig, 'a1');
  await rig.clock.pass(10_000);
  expect(rig.delivered).toEqual(['a0', 'a1']);
});

const first = ['a0', 'b1', 'b2', 'b3', 'b4', 'b5', 'a6'];
const all = [...first, 'a7'];

/** So many records of other topics want room. */
function logOthers(rig: Rig, topic: string, count: number): void {
  for (let n = 0; n < count; n++) rig.sender.add(recordOf({ topic, text: 'other' }));
}

function expectInOrder({ delivered }: Rig): void {
  for (const key of ['a', 'b']) expect(ofKey(key, delivered)).toEqual(ofKey(key, all));
}

it('what came back, and went to disk from there little by little, comes back in its order', async () => {
  const rig = await rigWithSpool(directoryOfSpec());
  let isAway = true;
  rig.answer = (batch) => (isAway && batch.topic !== 'sent' ? refusal() : stored(batch));
  log(rig, ...first);
  await rig.clock.pass(25);
  log(rig, 'a7');
  // With a second topic that cannot be sent, each may keep less.
  logOthers(rig, 'not sent', 5);
  await rig.clock.pass(25);
  logOthers(rig, 'sent', 12);
  await rig.clock.pass(25);
  isAway = false;
  await rig.clock.pass(20_000);
  expectInOrder(rig);
});

it('what goes to disk while older ones are under way is not read before them by the next process', async () => {
  const directory = directoryOfSpec();
  const rig = await rigWithSpool(directory);
  const silence = deferred<unknown>();
  let isRefused = true;
  rig.answer = (batch) => {
    if (batch.topic !== 'logs') return stored(batch);
    return isRefused ? refusal() : silence.promise;
  };
  log(rig, ...first);
  await rig.clock.pass(25);
  isRefused = false;
  await rig.clock.pass(1_000);
  log(rig, 'a7');
  logOthers(rig, 'sent', 12);
  rig.sender.giveUp();
  rig.spool.close();
  const next = await rigWithSpool(directory);
  await next.clock.pass(20_000);
  expectInOrder(next);
});
