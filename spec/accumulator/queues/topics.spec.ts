import { expect, it } from 'vitest';
import { Topics } from '../../../lib/accumulator/queues/topics.ts';
import { batchingPolicy, recordOf } from '../../sender/rig.ts';

function topicsWith(...records: readonly string[]): Topics {
  const topics = new Topics(batchingPolicy({ now: () => 0 }));
  for (const topic of records) topics.of(topic).add(recordOf({ topic }));
  return topics;
}

it('makes the queues of a topic once, and none where it is only asked whether there are any', () => {
  const topics = topicsWith('a');
  expect(topics.of('a')).toBe(topics.get('a'));
  expect(topics.get('b')).toBeUndefined();
  expect([...topics]).toHaveLength(1);
});

it('tells which topics have records in memory', () => {
  const topics = topicsWith('a', 'b');
  topics.of('idle');
  expect(topics.waiting).toEqual(['a', 'b']);
});

it('has topics send in turns, so that a busy one does not starve the others', () => {
  const topics = topicsWith(...Array(25).fill('busy'), 'other');
  const sent = [1, 2, 3].map(() => {
    const batch = topics.drain(0, true, undefined);
    if (batch !== undefined) topics.of(batch.topic).succeed(batch);
    return batch?.topic;
  });
  expect(sent).toEqual(['busy', 'other', 'busy']);
});

it('asks the one topic only, where one is named', () => {
  const topics = topicsWith('a', 'b');
  expect(topics.drain(0, true, 'b')?.topic).toBe('b');
  expect(topics.drain(0, true, 'c')).toBeUndefined();
});

it('is due when the first of its topics is', () => {
  let now = 100;
  const topics = new Topics(batchingPolicy({ now: () => now }));
  expect(topics.nextDue(false)).toBeUndefined();
  topics.of('a').add(recordOf({ topic: 'a' }));
  now = 50;
  topics.of('b').add(recordOf({ topic: 'b' }));
  expect(topics.nextDue(false)).toBe(70);
});

it('remembers a thousand topics, and forgets those with nothing to send when one more comes', () => {
  const topics = topicsWith(...Array.from({ length: 10 }, (_, at) => `waiting ${at}`));
  for (let at = 0; at < 990; at++) topics.of(`idle ${at}`);
  expect([...topics]).toHaveLength(1_000);
  topics.of('new');
  expect([...topics]).toHaveLength(11);
  expect(topics.waiting).toHaveLength(10);
});

it('does not look for idle ones with each new topic, where none is idle', () => {
  const topics = topicsWith(...Array.from({ length: 1_001 }, (_, at) => `waiting ${at}`));
  topics.of('idle');
  for (let at = 0; at < 998; at++) topics.of(`later ${at}`).add(recordOf({ topic: `later ${at}` }));
  expect(topics.get('idle')).toBeDefined();
  topics.of('the 2,001st');
  expect(topics.get('idle')).toBeUndefined();
});
