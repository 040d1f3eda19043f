import { describe, expect, it } from 'vitest';
import type { ProducerBatch } from '../../../lib/accumulator/producer-batch.ts';
import { TopicQueues } from '../../../lib/accumulator/queues/topic-queues.ts';
import type { PendingRecord } from '../../../lib/record/record.ts';
import { batchingPolicy, recordOf, textsOf } from '../../sender/rig.ts';

const textsIn = (batch: ProducerBatch | undefined): string[] => textsOf(batch?.content);

let seq = 0;
function add(queues: TopicQueues, text: string, key: string | Buffer | null = null): PendingRecord {
  const record = recordOf({ text, key });
  record.seq = ++seq;
  queues.add(record);
  return record;
}

/** As the accumulator takes records back: bound to where they were sent. */
function landed({ records, partition }: ProducerBatch): readonly PendingRecord[] {
  for (const record of records) record.partition = partition;
  return records;
}

describe('a batch is due', () => {
  it.each([
    { what: 'nothing waits', texts: [], due: undefined, sizes: [] },
    { what: 'one waits: after the linger', texts: ['a'], due: 20, sizes: [] },
    { what: 'as many as a batch holds: at once', texts: Array(10).fill('a'), due: 0, sizes: [10] },
    { what: 'as many bytes as a batch holds: at once', texts: ['a'.repeat(10_000)], due: 0, sizes: [1] },
    { what: 'more than a batch: the rest gathers anew', texts: Array(13).fill('a'), due: 0, sizes: [10] },
    {
      what: 'a record larger than a batch goes alone',
      texts: ['a', 'b'.repeat(20_000), 'c'],
      due: 0,
      sizes: [1],
    },
  ])('$what', ({ texts, due, sizes }) => {
    const queues = new TopicQueues('logs', batchingPolicy());
    queues.setPartitions(1, [0]);
    for (const text of texts) add(queues, text);
    expect(queues.nextDue(false)).toBe(due);
    expect([queues.drain(0, false)].filter((b) => b !== undefined).map((b) => b.records.length)).toEqual(
      sizes,
    );
  });

  it('at once when somebody flushes', () => {
    const queues = new TopicQueues('logs', batchingPolicy());
    add(queues, 'a');
    expect(queues.nextDue(true)).toBe(0);
    expect(textsIn(queues.drain(0, true))).toEqual(['a']);
  });

  it('a record larger than a batch is alone between its neighbours', () => {
    const queues = new TopicQueues('logs', batchingPolicy());
    queues.setPartitions(1, [0]);
    add(queues, 'a');
    add(queues, 'b'.repeat(20_000));
    add(queues, 'c');
    const sizes: number[] = [];
    for (let batch = queues.drain(0, true); batch; batch = queues.drain(0, true)) {
      sizes.push(batch.records.length);
      queues.succeed(batch);
    }
    expect(sizes).toEqual([1, 1, 1]);
  });
});

it('the oldest of several partitions does not get all the turns', () => {
  const queues = new TopicQueues('logs', batchingPolicy());
  queues.setPartitions(4, [0, 1, 2, 3]);
  const keys = ['\x00', '\x01', '\x02', '\x03'];
  for (let i = 0; i < 40; i++) for (const key of keys) add(queues, 'x', key);
  for (let i = 0; i < 40; i++) add(queues, 'unkeyed');
  const turns: (number | string | undefined)[] = [];
  for (let i = 0; i < 10; i++) {
    const batch = queues.drain(100, false);
    if (batch === undefined) break;
    turns.push(batch.records[0]?.key === null ? 'unkeyed' : batch.partition);
    queues.succeed(batch);
  }
  expect(new Set(turns.slice(0, 5))).toEqual(new Set([0, 1, 2, 3, 'unkeyed']));
  expect(new Set(turns.slice(5))).toEqual(new Set([0, 1, 2, 3, 'unkeyed']));
});

it('a first send that is under way holds back the partition queue that its key turns out to belong to', () => {
  const queues = new TopicQueues('logs', batchingPolicy());
  for (const text of ['1', '2']) add(queues, text, 'k');
  const first = queues.drain(0, true);
  expect(textsIn(first)).toEqual(['1', '2']);
  add(queues, '3', 'k');
  // The client has the metadata now, and has chosen; its broker has not answered.
  queues.setPartitions(4, [0, 1, 2, 3]);
  first?.bindTo(107 % 4);
  expect(queues.drain(0, true)).toBeUndefined();
  expect(queues.nextDue(true)).toBeUndefined();
  if (first !== undefined) queues.reenqueue(first, landed(first), 0);
  expect(textsIn(queues.drain(0, true))).toEqual(['1', '2', '3']);
});

it('forgetting the partitions twice, with sends under way, neither doubles nor inverts a record', () => {
  const queues = new TopicQueues('logs', batchingPolicy());
  queues.setPartitions(1, [0]);
  for (const text of ['1', '2']) add(queues, text, 'k');
  const first = queues.drain(0, true);
  add(queues, '3', 'k');
  add(queues, '4', 'k');
  queues.forgetPartitions();
  queues.setPartitions(1, [0]);
  queues.forgetPartitions();
  // Nothing overtakes what is under way.
  expect(queues.drain(0, true)).toBeUndefined();
  if (first !== undefined) queues.reenqueue(first, landed(first), 0);
  const again = queues.drain(0, true);
  expect(textsIn(again)).toEqual(['1', '2']);
  if (again !== undefined) queues.succeed(again);
  const rest = queues.drain(0, true);
  expect(textsIn(rest)).toEqual(['3', '4']);
  if (rest !== undefined) queues.succeed(rest);
  expect(queues.isIdle).toBe(true);
});

it('keys that belong elsewhere since the partitions are fewer are not overtaken by what comes after them', () => {
  const queues = new TopicQueues('logs', batchingPolicy());
  queues.setPartitions(8, [0, 1, 2, 3, 4, 5, 6, 7]);
  add(queues, '1', 'k');
  add(queues, '2', 'k');
  queues.setPartitions(2, [0, 1]);
  add(queues, '3', 'k');
  const batch = queues.drain(0, true);
  expect([batch?.partition, textsIn(batch)]).toEqual([107 % 2, ['1', '2', '3']]);
});

it('keyed and keyless records of a partition that is gone go back to where each belongs', () => {
  const queues = new TopicQueues('logs', batchingPolicy());
  queues.setPartitions(1, [0]);
  add(queues, 'unkeyed');
  const first = queues.drain(0, true);
  if (first !== undefined) queues.reenqueue(first, landed(first), 0);
  add(queues, 'keyed', 'k');
  const both = queues.drain(0, true);
  expect(textsIn(both)).toEqual(['unkeyed', 'keyed']);
  queues.forgetPartitions();
  if (both !== undefined) {
    both.unbind();
    queues.reenqueue(both, landed(both), 0);
  }
  const sends: string[][] = [];
  for (let batch = queues.drain(0, true); batch; batch = queues.drain(0, true)) {
    sends.push(textsIn(batch));
    // Each alone: nobody knows where they go.
    expect([batch.partition, queues.drain(0, true)]).toEqual([undefined, undefined]);
    queues.succeed(batch);
  }
  expect(sends.sort()).toEqual([['keyed'], ['unkeyed']]);
});

it('what was sent and left on disk is unbound where the partitions have been forgotten since', () => {
  const queues = new TopicQueues('logs', batchingPolicy());
  const record = recordOf({ key: 'k' });
  record.partition = 1;
  record.spoolPosition = { segment: 'one', offset: 8 };
  const other = recordOf({ key: 'k' });
  other.spoolPosition = { segment: 'one', offset: 20 };
  queues.onDisk.onLeft(record);
  expect(queues.onDisk.isUnbound(record)).toBe(false);
  queues.forgetPartitions();
  expect(queues.onDisk.isUnbound(record)).toBe(true);
  queues.onDisk.onLeft(record);
  queues.onDisk.onLeft(other);
  expect([record, other].map((left) => queues.onDisk.isUnbound(left))).toEqual([false, true]);
  queues.forgetPartitions();
  expect(queues.onDisk.isUnbound(record)).toBe(true);
  // Nothing is remembered of what is in memory again.
  queues.onDisk.onLeft(record);
  queues.onDisk.onReplayed(record);
  expect(queues.onDisk.isUnbound(record)).toBe(true);
});

it('a batch that was sent once does not linger again for each of its halves', () => {
  const queues = new TopicQueues('logs', batchingPolicy());
  queues.setPartitions(1, [0]);
  for (let i = 0; i < 8; i++) add(queues, String(i));
  const all = queues.drain(20, false);
  if (all !== undefined) queues.bisect(all, landed(all));
  const half = queues.drain(20, false);
  expect(half?.records.length).toBe(4);
  if (half !== undefined) queues.succeed(half);
  expect(queues.drain(20, false)?.records.length).toBe(2);
});

it('the only partition was blocked for ever when all records of a bisected batch had been shed', () => {
  const queues = new TopicQueues('logs', batchingPolicy());
  queues.setPartitions(1, [0]);
  for (const text of ['1', '2']) add(queues, text);
  const all = queues.drain(20, false);
  if (all !== undefined) queues.bisect(all, landed(all));
  for (const record of all?.records ?? []) record.queue?.discard(record);
  add(queues, '3');
  expect(textsIn(queues.drain(40, false))).toEqual(['3']);
});

describe('a client that was handed in', () => {
  const policy = batchingPolicy({ keepsSendTogether: false });

  it('gets one key a send, and one record without key until a partition is known', () => {
    const queues = new TopicQueues('logs', policy);
    for (const [text, key] of [
      ['1', 'a'],
      ['2', 'b'],
      ['3', 'a'],
      ['4', null],
      ['5', null],
    ] as const) {
      add(queues, text, key);
    }
    const batches = [queues.drain(0, true), queues.drain(0, true), queues.drain(0, true)];
    expect(batches.map(textsIn).sort()).toEqual([[], ['1', '3'], ['4']]);
    for (const batch of batches) {
      if (batch === undefined) continue;
      expect(batch.partition).toBeUndefined();
      batch.bindTo(2);
      queues.succeed(batch);
    }
    const later = [queues.drain(0, true), queues.drain(0, true)];
    expect(later.map((b) => [b?.partition, textsIn(b)])).toEqual(
      expect.arrayContaining([
        [undefined, ['2']],
        [2, ['5']],
      ]),
    );
  });

  it('keys that only look alike as text do not share a send', () => {
    const queues = new TopicQueues('logs', policy);
    const [one, other] = [Buffer.from([0xff]), Buffer.from([0xfe])];
    expect(String(one)).toBe(String(other));
    add(queues, '1', one);
    add(queues, '2', other);
    add(queues, '3', Buffer.from([0xff]));
    expect(textsIn(queues.drain(0, true))).toEqual(['1', '3']);
  });

  it('probes for other partitions now and then, when nothing is under way that it could overtake', () => {
    const queues = new TopicQueues('logs', policy);
    const probes: number[] = [];
    for (let i = 0; i < 100; i++) {
      add(queues, String(i));
      const batch = queues.drain(0, true);
      if (batch === undefined) throw new Error('nothing to send');
      if (batch.partition === undefined) {
        probes.push(i);
        batch.bindTo(probes.length - 1);
      }
      queues.succeed(batch);
    }
    expect(probes).toEqual([0, 17, 34, 51, 68, 85]);
    for (let i = 0; i < 16; i++) {
      for (let n = 0; n < 10; n++) add(queues, 'full');
      const batch = queues.drain(0, false);
      if (batch !== undefined) queues.succeed(batch);
    }
    for (let n = 0; n < 40; n++) add(queues, 'more');
    const under: ProducerBatch[] = [];
    for (let batch = queues.drain(0, false); batch; batch = queues.drain(0, false)) under.push(batch);
    expect(under.length).toBeGreaterThan(0);
    const partitions = under.map(({ partition }) => partition);
    expect(partitions.includes(undefined) ? partitions : [undefined]).toEqual([undefined]);
  });

  it('keyed records that never stop do not keep those without key from being sent', () => {
    const queues = new TopicQueues('logs', policy);
    add(queues, 'unkeyed');
    const sent: string[] = [];
    for (let i = 0; i < 5; i++) {
      add(queues, 'keyed', `key ${i}`);
      for (let batch = queues.drain(0, true); batch; batch = queues.drain(0, true)) {
        sent.push(...textsIn(batch));
        if (batch.partition === undefined) batch.bindTo(0);
        if (batch.records[0]?.key === null) queues.succeed(batch);
        else {
          queues.succeed(batch);
          break;
        }
      }
    }
    expect(sent).toContain('unkeyed');
  });
});

it('is not idle, and thereby not forgotten, while older records of a partition wait on disk', () => {
  const queues = new TopicQueues('logs', batchingPolicy());
  queues.setPartitions(1, [0]);
  const partitionQueue = queues.queueFor(recordOf({ key: 'k' }));
  expect(queues.isIdle).toBe(true);
  partitionQueue.setAwaitsDisk(true);
  expect(queues.isIdle).toBe(false);
});
