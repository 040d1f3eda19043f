import { describe, expect, it } from 'vitest';
import { Ledger } from '../../lib/accumulator/ledger.ts';
import { MemoryLimit, type OverflowPolicy } from '../../lib/accumulator/memory-limit.ts';
import type { RecordStore } from '../../lib/accumulator/store/record-store.ts';
import type { PendingRecord } from '../../lib/record/record.ts';
import { recordOf } from '../sender/rig.ts';

/** Memory for four records, or ten bytes, and two queues in it. */
class Memory {
  readonly ledger = new Ledger();
  readonly limit: MemoryLimit;
  readonly queues: [RecordStore, RecordStore];
  readonly shed: string[] = [];

  constructor(overflow: OverflowPolicy) {
    this.limit = new MemoryLimit({ maxRecords: 4, maxBytes: 10, overflow }, this.ledger);
    this.queues = [this.limit.makeQueue(), this.limit.makeQueue()];
  }

  add(text: string, queue: 0 | 1 = 0, severity = 2): boolean {
    const record = recordOf({ text, severity });
    if (!this.limit.makeRoomFor(record, (victim) => this.#shed(victim))) return false;
    this.ledger.accept(record);
    this.queues[queue].push(record);
    return true;
  }

  /** The oldest record of a queue goes to the Kafka client. */
  send(queue: 0 | 1 = 0): void {
    const record = this.queues[queue].shift();
    if (record !== undefined) this.ledger.startSend(record);
  }

  #shed(victim: PendingRecord): void {
    this.shed.push(victim.text);
    victim.queue?.discard(victim);
    this.ledger.drop(victim, 'overflow');
  }
}

it('a record may come in up to both limits', () => {
  const { limit, ledger } = new Memory('drop-newest');
  expect([limit.canHold(10), limit.canHold(11)]).toEqual([true, false]);
  ledger.accept(recordOf({ text: 'six by' }));
  expect([limit.hasRoomFor(4), limit.hasRoomFor(5)]).toEqual([true, false]);
  for (let record = 0; record < 3; record++) ledger.accept(recordOf({ text: '' }));
  expect(limit.hasRoomFor(0)).toBe(false);
});

it.each([
  ['two of four records', ['', ''], true],
  ['three of four records', ['', '', ''], false],
  ['five of ten bytes', ['12345'], true],
  ['six of ten bytes', ['123456'], false],
])('with %s, memory is at most half full: %j %s', (_name, texts, isHalfEmpty) => {
  const memory = new Memory('drop-newest');
  for (const text of texts) memory.add(text);
  expect(memory.limit.isHalfEmpty()).toBe(isHalfEmpty);
});

describe('drop-newest', () => {
  it('sheds nothing for a record that finds memory full', () => {
    const memory = new Memory('drop-newest');
    expect(['a', 'b', 'c', 'd', 'e'].map((text) => memory.add(text))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(memory.shed).toEqual([]);
  });
});

describe('drop-oldest', () => {
  it('sheds the oldest record of all queues', () => {
    const memory = new Memory('drop-oldest');
    memory.add('a', 1);
    memory.add('b', 0);
    memory.add('c', 1);
    memory.add('d', 0);
    memory.add('e', 0);
    memory.add('f', 0, 9);
    expect(memory.shed).toEqual(['a', 'b']);
  });

  it('sheds as many as the new one needs', () => {
    const memory = new Memory('drop-oldest');
    for (const text of ['aaa', 'bbb', 'ccc']) memory.add(text);
    expect(memory.add('ddddd')).toBe(true);
    expect(memory.shed).toEqual(['aaa', 'bbb']);
  });

  it('sheds nothing in vain: what is with the Kafka client cannot be called back', () => {
    const memory = new Memory('drop-oldest');
    for (const text of ['aaaaaa', 'b', 'c']) memory.add(text);
    memory.send();
    expect(memory.add('ddddd')).toBe(false);
    expect(memory.shed).toEqual([]);
    expect(memory.add('dddd')).toBe(true);
    expect(memory.shed).toEqual(['b', 'c']);
  });
});

describe('drop-lowest', () => {
  it('sheds the least severe records first, and of those the oldest', () => {
    const memory = new Memory('drop-lowest');
    memory.add('info', 0, 2);
    memory.add('bug', 0, 5);
    memory.add('', 1, 0);
    memory.add('d', 1, 5);
    for (const text of ['a', 'b', 'c']) memory.add(text, 0, 0);
    expect(memory.shed).toEqual(['bug', 'd', 'info']);
  });

  it('sheds records of the same level for a new one', () => {
    const memory = new Memory('drop-lowest');
    for (const text of ['a', 'b', 'c', 'd', 'e']) expect(memory.add(text)).toBe(true);
    expect(memory.shed).toEqual(['a']);
  });

  it('sheds nothing that is more severe than the new record', () => {
    const memory = new Memory('drop-lowest');
    for (const text of ['aaa', 'bbb', 'ccc']) memory.add(text, 0, 1);
    memory.add('d', 0, 5);
    expect(memory.add('eeeee', 0, 5)).toBe(false);
    expect(memory.shed).toEqual([]);
    expect(memory.add('e', 0, 5)).toBe(true);
    expect(memory.shed).toEqual(['d']);
  });
});
