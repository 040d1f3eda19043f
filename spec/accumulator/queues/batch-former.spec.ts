import { describe, expect, it } from 'vitest';
import { isPacked } from '../../../lib/accumulator/batch.ts';
import type { BatchingPolicy } from '../../../lib/accumulator/batching-policy.ts';
import { ProducerBatch } from '../../../lib/accumulator/producer-batch.ts';
import { BatchFormer } from '../../../lib/accumulator/queues/batch-former.ts';
import type { PartitionQueue } from '../../../lib/accumulator/queues/partition-queue.ts';
import { PartitionQueues } from '../../../lib/accumulator/queues/partition-queues.ts';
import type { RecordKey } from '../../../lib/record/record.ts';
import { batchingPolicy, recordOf, textsOf } from '../../sender/rig.ts';

const NOW = 70;

/** The queues of a topic, and what forms their batches: of up to four records, and ten bytes. */
function rig(policy: Partial<BatchingPolicy> = {}) {
  const limits = { maxRecords: 4, maxBytes: 10, lingerMs: 20 };
  const full = batchingPolicy({ limits, now: () => NOW, ...policy });
  const queues = new PartitionQueues(full);
  const former = new BatchFormer('logs', full, queues);
  return { queues, form: (queue: PartitionQueue): ProducerBatch => former.form(queue, NOW) };
}

function put({ queue }: PartitionQueue, texts: Iterable<string>, key: RecordKey = null): void {
  for (const text of texts) queue.push(recordOf({ text, key }));
}

/** The oldest record was sent alone, and failed: the second is the next one. */
function isolateSecond({ search, queue }: PartitionQueue): void {
  for (const record of queue) {
    record.hasBeenSent = true;
    break;
  }
  expect([search.isolate(3, true), search.position]).toEqual(['next', 1]);
}

describe('a batch of a partition', () => {
  it.each<[string, string[], number | undefined, string[]]>([
    ['as many records as there may be', [...'abcde'], undefined, [...'abcd']],
    ['as many as the bytes allow', ['aaaa', 'bbbb', 'cccc'], undefined, ['aaaa', 'bbbb']],
    ['no more than the limit of the queue', [...'abcde'], 3, [...'abc']],
  ])('has its oldest records: %s', (_name, texts, sendLimit, expected) => {
    const { queues, form } = rig();
    const queue = queues.at(3);
    put(queue, texts, 'k');
    queue.search.endBisect(sendLimit);
    const batch = form(queue);
    expect(batch).toMatchObject({ topic: 'logs', partition: 3, partitionQueue: queue });
    expect(textsOf(batch.content)).toEqual(expected);
    expect([queue.isBusy, queue.queue.count]).toEqual([true, texts.length - expected.length]);
  });

  it('has them as they stand in pages, and as objects where some have come back', () => {
    const { queues, form } = rig();
    put(queues.at(0), 'ab');
    expect(isPacked(form(queues.at(0)).content)).toBe(true);
    put(queues.at(0), 'cd');
    queues.at(0).queue.pushFront([recordOf({ text: 'b' })]);
    const { content } = form(queues.at(0));
    expect([isPacked(content), textsOf(content)]).toEqual([false, [...'bcd']]);
  });

  it('is the one that waits to go again, before all others, as it is', () => {
    const { queues, form } = rig();
    const queue = queues.at(0);
    const again = queue.keepForResend(new ProducerBatch('logs', queue, [recordOf({ text: 'again' })]));
    put(queue, 'ab');
    isolateSecond(queue);
    expect(form(queue)).toBe(again);
    expect([queue.awaitingResend, queue.isBusy, queue.queue.count]).toEqual([undefined, true, 2]);
  });
});

describe('a batch without key', () => {
  it('is bound to a partition that is free, whose queue sends it', () => {
    const { queues, form } = rig();
    queues.partitions.learn(2, []);
    queues.at(0).startSend(1);
    queues.unkeyed.recordFailure(0);
    put(queues.unkeyed, 'ab');
    const batch = form(queues.unkeyed);
    expect([batch.partition, batch.partitionQueue, textsOf(batch.content)]).toEqual([
      1,
      queues.at(1),
      ['a', 'b'],
    ]);
    expect([queues.unkeyed.isBusy, queues.at(1).isBusy, queues.unkeyed.failures]).toEqual([false, true, 0]);
  });

  it('has no more than the limit of that queue', () => {
    const { queues, form } = rig();
    queues.partitions.learn(1, []);
    queues.at(0).search.endBisect(1);
    put(queues.unkeyed, 'ab');
    expect(textsOf(form(queues.unkeyed).content)).toEqual(['a']);
  });

  it.each([
    ['keeps such a send together, has all of them', true, ['a', 'b']],
    ['may not, has one', false, ['a']],
  ])('whose partition is left to a client that %s', (_name, keepsSendTogether, texts) => {
    const { queues, form } = rig({ keepsSendTogether });
    queues.unkeyed.recordFailure(0);
    put(queues.unkeyed, 'ab');
    const batch = form(queues.unkeyed);
    expect([batch.partition, textsOf(batch.content)]).toEqual([undefined, texts]);
    expect([queues.unkeyed.isBusy, queues.unkeyed.failures]).toEqual([true, 1]);
  });
});

describe('a batch of keys whose partitions are not known', () => {
  it.each([
    ['that stand one behind the other, of a client that finds the partition', true, ['a', 'b']],
    ['among the next few, of a client that was handed in', false, ['a', 'b', 'd']],
  ])('has records of one key %s', (_name, keepsSendTogether, texts) => {
    const { queues, form } = rig({ keepsSendTogether });
    for (const [text, key] of [...'abcde'].map((text) => [text, text === 'c' ? 'other' : 'k'] as const))
      put(queues.keyedUnassigned, [text], key);
    const batch = form(queues.keyedUnassigned);
    expect([batch.partition, textsOf(batch.content)]).toEqual([undefined, texts]);
    expect(queues.keyedUnassigned.isBusy).toBe(true);
  });

  it.each<[string, number | undefined, number]>([
    ['the limit of the queue', 2, 2],
    ['that of a batch', undefined, 4],
  ])('has no more than %s', (_name, sendLimit, count) => {
    const { queues, form } = rig();
    put(queues.keyedUnassigned, 'abcde', 'k');
    queues.keyedUnassigned.search.endBisect(sendLimit);
    expect(form(queues.keyedUnassigned).count).toBe(count);
  });

  it('has no more bytes than there may be', () => {
    const { queues, form } = rig();
    // Five bytes each, the key included.
    put(queues.keyedUnassigned, ['aaaa', 'bbbb', 'cccc'], 'k');
    expect(textsOf(form(queues.keyedUnassigned).content)).toEqual(['aaaa', 'bbbb']);
  });
});

describe('while a record is looked for that cannot be sent', () => {
  it('a batch has the one whose turn it is, alone', () => {
    const { queues, form } = rig();
    put(queues.at(0), 'abc', 'k');
    isolateSecond(queues.at(0));
    expect(textsOf(form(queues.at(0)).content)).toEqual(['b']);
    expect([...queues.at(0).queue].map(({ text }) => text)).toEqual(['a', 'c']);
  });

  it.each<[string, RecordKey]>([
    ['without a key', null],
    // With one, it was never shown to be the cause, and held all up that had none.
    ['with a key', 'k'],
  ])('has one that is not bound to a partition yet, where only one %s is left there', (_name, key) => {
    const { queues, form } = rig();
    put(queues.at(0), 'a', key);
    put(queues.unkeyed, 'bc');
    isolateSecond(queues.at(0));
    const batch = form(queues.at(0));
    expect([batch.partition, textsOf(batch.content)]).toEqual([0, ['b']]);
    expect([...queues.at(0).queue].map(({ text }) => text)).toEqual(['a']);
    expect(queues.unkeyed.queue.count).toBe(1);
  });

  it('has none that would pass older ones, which were sent there and wait on disk', () => {
    const { queues, form } = rig();
    put(queues.at(0), 'a');
    put(queues.unkeyed, 'b');
    isolateSecond(queues.at(0));
    queues.at(0).setAwaitsDisk(true);
    expect(textsOf(form(queues.at(0)).content)).toEqual(['a']);
  });

  it('has the last one there where no other one waits', () => {
    const { queues, form } = rig();
    put(queues.at(0), 'a');
    isolateSecond(queues.at(0));
    expect(textsOf(form(queues.at(0)).content)).toEqual(['a']);
  });
});

describe('what is left in the queue', () => {
  it('gathers anew, where the records came from', () => {
    const { queues, form } = rig();
    queues.partitions.learn(1, []);
    put(queues.unkeyed, 'ab');
    form(queues.unkeyed);
    put(queues.unkeyed, 'c');
    put(queues.at(0), 'd');
    queues.at(0).endSend();
    expect([queues.unkeyed.dueAt(false), queues.at(0).dueAt(false)]).toEqual([NOW + 20, 20]);
  });

  it('does not where the batch is as small as it is because a refused record is looked for', () => {
    const { queues, form } = rig();
    put(queues.at(0), 'abc');
    queues.at(0).search.endBisect(2);
    form(queues.at(0));
    queues.at(0).endSend();
    expect(queues.at(0).dueAt(false)).toBe(20);
  });
});
