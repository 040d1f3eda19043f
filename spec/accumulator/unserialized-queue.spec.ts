import { expect, it } from 'vitest';
import { Ledger } from '../../lib/accumulator/ledger.ts';
import { MemoryLimit } from '../../lib/accumulator/memory-limit.ts';
import { RecordDropper } from '../../lib/accumulator/record-dropper.ts';
import { UnserializedQueue } from '../../lib/accumulator/unserialized-queue.ts';
import { recordOf } from '../sender/rig.ts';

function queueOf({ hasSpool = false, maxRecords = 100 } = {}) {
  const ledger = new Ledger();
  const buffer = new MemoryLimit({ maxRecords, maxBytes: 1_000, overflow: 'drop-oldest' }, ledger);
  const dropped: string[] = [];
  const dropper = new RecordDropper(ledger, undefined, ({ text }, reason) =>
    dropped.push(`${reason} ${text}`),
  );
  const queue = new UnserializedQueue({ ledger, buffer, dropper, hasSpool });
  /** Has a record wait for the broker: no part of this queue, but in the same memory. */
  const others = buffer.makeQueue();
  const wait = (text: string): void => {
    const record = recordOf({ text });
    ledger.accept(record);
    others.push(record);
  };
  return { ledger, buffer, dropped, queue, wait };
}

it('gives a record out with its value, at the position that it was accepted at', () => {
  const { ledger, queue } = queueOf();
  const record = recordOf({ text: 'a' });
  expect(queue.add(record)).toBe(true);
  expect([queue.first, record.isPinned, ledger.queued]).toEqual([record, true, 1]);
  queue.add(recordOf({ text: 'b' }));
  expect([...queue].map(({ text }) => text)).toEqual(['a', 'b']);
  const taken = queue.take('value');
  expect(taken).toBe(record);
  expect([record.value, record.isPinned, record.serialization]).toEqual(['value', false, undefined]);
  ledger.assignSeq(record);
  expect([ledger.accepted, record.seq]).toEqual([1, 1]);
  queue.take('value');
  expect(queue.take('value')).toBeUndefined();
});

it('drops a record that is larger than memory', () => {
  const { queue, dropped } = queueOf();
  const text = 'x'.repeat(1_001);
  const record = recordOf({ text });
  expect(queue.add(record)).toBe(false);
  expect([dropped, record.isPinned, queue.first]).toEqual([[`oversize ${text}`], false, undefined]);
});

it.each([
  { hasSpool: false, gone: ['overflow waits'] },
  // What waits for the broker is not to be lost for it.
  { hasSpool: true, gone: ['overflow a'] },
])('with a spool: $hasSpool, makes room for what is new: $gone', ({ hasSpool, gone }) => {
  const { queue, wait, dropped } = queueOf({ hasSpool, maxRecords: 2 });
  wait('waits');
  queue.add(recordOf({ text: 'a' }));
  expect(queue.add(recordOf({ text: 'b' }))).toBe(true);
  expect(dropped).toEqual(gone);
});

it('with a spool, shed all of it in vain for a record that had no room then either', () => {
  const { queue, wait, dropped, ledger } = queueOf({ hasSpool: true });
  wait('x'.repeat(900));
  queue.add(recordOf({ text: 'a' }));
  queue.add(recordOf({ text: 'b' }));
  expect(queue.add(recordOf({ text: 'y'.repeat(101) }))).toBe(false);
  expect([dropped, [...queue].map(({ text }) => text)]).toEqual([
    [`overflow ${'y'.repeat(101)}`],
    ['a', 'b'],
  ]);
  expect(queue.add(recordOf({ text: 'z'.repeat(100) }))).toBe(true);
  expect([ledger.dropped.overflow, [...queue].length]).toEqual([3, 1]);
});

it.each([
  { hasSpool: false, room: 100 },
  { hasSpool: true, room: 90 },
])('with a spool: $hasSpool, leaves $room % of memory to others', ({ hasSpool, room }) => {
  const { buffer, wait } = queueOf({ hasSpool });
  let waiting = 0;
  for (; buffer.hasRoomFor(1, true); waiting++) wait('x');
  expect(waiting).toBe(room);
});

it('drops what no value can be made of, whether it waits or not', () => {
  const { queue, dropped, ledger } = queueOf();
  const record = recordOf({ text: 'a' });
  queue.add(record);
  queue.drop(record, new Error('boom'));
  queue.refuse(recordOf({ text: 'b' }), new Error('boom'));
  expect(dropped).toEqual(['invalid a', 'invalid b']);
  expect([ledger.accepted, ledger.dropped.invalid, ledger.inMemory]).toEqual([2, 2, 0]);
});
