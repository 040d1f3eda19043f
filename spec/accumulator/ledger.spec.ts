import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ledger } from '../../lib/accumulator/ledger.ts';
import type { SettlementWatcher } from '../../lib/accumulator/settlement-watchers.ts';
import { DROP_REASONS, type PendingRecord } from '../../lib/record/record.ts';
import { recordOf } from '../sender/rig.ts';

it('the counts balance at every moment, whatever becomes of the records', () => {
  const step = fc.record({
    do: fc.constantFrom('accept', 'take', 'giveBack', 'deliver', 'drop', 'watch'),
    which: fc.nat(50),
    size: fc.nat(20),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      const ledger = new Ledger();
      const all: PendingRecord[] = [];
      const watchers: { watcher: SettlementWatcher; of: PendingRecord[]; done: number }[] = [];
      for (const { do: what, which, size } of steps) {
        const inState = (state: string): PendingRecord | undefined => {
          const those = all.filter((record) => record.state === state);
          return those[which % Math.max(1, those.length)];
        };
        if (what === 'accept') {
          const record = recordOf({ text: 'x'.repeat(size) });
          ledger.accept(record);
          all.push(record);
        } else if (what === 'watch') {
          const watcher = ledger.watch();
          const entry = { watcher, of: all.filter(({ state }) => state !== 'settled'), done: 0 };
          watcher.onDone = () => entry.done++;
          watchers.push(entry);
        } else {
          const queued = inState('queued');
          const flying = inState('in-flight');
          const any = which % 2 === 0 ? (queued ?? flying) : (flying ?? queued);
          if (what === 'take' && queued) ledger.startSend(queued);
          if (what === 'giveBack' && flying) ledger.reenqueue(flying);
          if (what === 'deliver' && flying) ledger.deliver(flying);
          if (what === 'drop' && any) ledger.drop(any, DROP_REASONS[which % DROP_REASONS.length] ?? 'closed');
        }
        const count = (state: string): number => all.filter((record) => record.state === state).length;
        const bytes = (...states: string[]): number =>
          all.filter(({ state }) => states.includes(state)).reduce((sum, record) => sum + record.bytes, 0);
        expect(ledger.accepted).toBe(all.length);
        expect([ledger.queued, ledger.inFlight, ledger.inMemory]).toEqual([
          count('queued'),
          count('in-flight'),
          count('queued') + count('in-flight'),
        ]);
        expect(ledger.delivered + ledger.droppedTotal).toBe(count('settled'));
        expect([ledger.queuedBytes, ledger.inMemoryBytes]).toEqual([
          bytes('queued'),
          bytes('queued', 'in-flight'),
        ]);
        for (const { watcher, of, done } of watchers) {
          const pending = of.filter(({ state }) => state !== 'settled').length;
          expect(watcher.pending).toBe(pending);
          expect(watcher.delivered + watcher.dropped + watcher.pending).toBe(watcher.upTo);
          expect(done).toBe(of.length > 0 && pending === 0 ? 1 : 0);
        }
      }
    }),
    { numRuns: 60 },
  );
});

it('a position is never given twice, also when what is on disk was left to other processes', () => {
  const ledger = new Ledger();
  const accepted = (): PendingRecord => {
    const record = recordOf();
    ledger.accept(record);
    return record;
  };
  const older = [accepted(), accepted(), accepted()];
  for (const record of older.slice(0, 2)) ledger.spool(record);
  ledger.disown();
  ledger.forgetDisowned();
  expect(ledger.accepted).toBe(1);
  const younger = [accepted(), accepted()];
  expect([...older, ...younger].map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
  let isDone = false;
  ledger.watch().onDone = () => {
    isDone = true;
  };
  for (const record of [older[2], ...younger]) if (record !== undefined) ledger.drop(record, 'closed');
  expect(isDone).toBe(true);
});

describe('what is on disk is left to other processes', () => {
  function disowned(count: number): Ledger {
    const ledger = new Ledger();
    for (let at = 0; at < count; at++) {
      const record = recordOf();
      ledger.accept(record);
      ledger.spool(record);
    }
    ledger.disown();
    return ledger;
  }
  const counted = ({ accepted, spooled, spooledWaiting, everAccepted }: Ledger): number[] => [
    accepted,
    spooled,
    spooledWaiting,
    everAccepted,
  ];

  it('and is nothing to wait for; found again, it is not counted once more: counters of metrics fell, and grew again', () => {
    const ledger = disowned(3);
    expect(counted(ledger)).toEqual([3, 3, 0, 3]);
    ledger.disown();
    ledger.adopt(2);
    expect(counted(ledger)).toEqual([3, 3, 2, 5]);
    ledger.adopt(2);
    expect(counted(ledger)).toEqual([4, 4, 4, 7]);
  });

  it('and what is not found again is as if it had never been accepted, but for how many ever were', () => {
    const ledger = disowned(3);
    ledger.adopt(1);
    ledger.forgetDisowned();
    expect(counted(ledger)).toEqual([1, 1, 1, 4]);
  });
});
