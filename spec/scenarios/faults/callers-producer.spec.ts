// Producers that were handed in: what they resolve with is not believed unless it says that the records are there.
import { describe, expect, it } from 'vitest';
import type { ProducerLike } from '../../../lib/index.ts';
import { expectLaw, loggerWith, numbered, startCluster, transportTo } from '../../support/harness.ts';
import { expectFlushed, expectNoUnhandledRejection, warningsOf } from './rig.ts';

interface Send {
  topic: string;
  messages: { value: string; key: string | null; partition?: number; timestamp: string }[];
}

class Producer implements ProducerLike {
  readonly sends: Send[] = [];
  connects = 0;
  disconnects = 0;
  answer: (send: Send) => unknown = (send) => [
    { topicName: send.topic, partition: send.messages[0]?.partition ?? 0, errorCode: 0 },
  ];
  async connect(): Promise<void> {
    this.connects++;
  }
  async disconnect(): Promise<void> {
    this.disconnects++;
  }
  async send(send: Send): Promise<unknown> {
    this.sends.push(send);
    return await this.answer(send);
  }
}

describe('a producer that resolves with', () => {
  it.each<[string, (send: Send) => unknown]>([
    ['nothing', () => undefined],
    ['an empty list', () => []],
    ['another topic', () => [{ topicName: 'other', partition: 0, errorCode: 0 }]],
    ['another partition', ({ topic }) => [{ topicName: topic, partition: 99, errorCode: 0 }]],
    ['no partition', ({ topic }) => [{ topicName: topic, errorCode: 0 }]],
    [
      'an error code',
      ({ topic, messages }) => [{ topicName: topic, partition: messages[0]?.partition ?? 0, errorCode: 6 }],
    ],
    ['nonsense', () => 'ok'],
  ])('%s is not believed: the records are sent again', async (name, answer) => {
    expectNoUnhandledRejection();
    const cluster = await startCluster();
    const producer = new Producer();
    const transport = transportTo(cluster, { producer });
    const warnings = warningsOf(transport);
    const logger = loggerWith(transport);
    // Once it is known where records go, or "another partition" could be the right one.
    logger.info('first');
    await expectFlushed(transport, 1);
    producer.answer = answer;
    for (const message of numbered(20)) logger.info(message);
    expect(await transport.flush(60)).toMatchObject({
      dropped: 0,
      pending: name === 'another partition' ? expect.any(Number) : 20,
    });
    expectLaw(transport);
    producer.answer = new Producer().answer;
    await transport.flush(Infinity);
    expect(transport.stats()).toMatchObject({ accepted: 21, delivered: 21 });
    expect(warnings.every(({ code }) => code === 'ERR_SEND_FAILED')).toBe(true);
  });
});

it('what it gets: one topic, one partition or none, a timestamp, and nothing that was not asked for', async () => {
  const cluster = await startCluster();
  const producer = new Producer();
  const transport = transportTo(cluster, { producer, key: () => 'k' });
  loggerWith(transport).info('record 0');
  await expectFlushed(transport, 1);
  expect(producer.sends).toEqual([
    {
      topic: 'app-logs',
      messages: [{ value: 'record 0', key: 'k', timestamp: expect.stringMatching(/^\d{13}$/) }],
    },
  ]);
});

it('an object stays its owner’s: connected, and never disconnected, not even when it is given up', async () => {
  const cluster = await startCluster();
  const producer = new Producer();
  const transport = transportTo(cluster, { producer, idleTimeoutMs: 1 });
  const logger = loggerWith(transport);
  logger.info('record 0');
  await expectFlushed(transport, 1);
  producer.answer = () => Promise.reject(new Error('not connected'));
  logger.info('record 1');
  while (producer.connects < 2) await transport.flush(20);
  producer.answer = new Producer().answer;
  await expectFlushed(transport, 2);
  await transport.close();
  expect(producer.disconnects).toBe(0);
});

it('messages are made anew for every attempt: an engine may change those that it gets', async () => {
  const cluster = await startCluster();
  const producer = new Producer();
  const good = producer.answer;
  let attempts = 0;
  producer.answer = (send) => {
    attempts++;
    const answer = good(send);
    expect(send.messages[0]).toMatchObject({ value: 'record 0', key: 'k' });
    for (const message of send.messages)
      Object.assign(message, { value: 'changed', key: 'changed', partition: 77 });
    return attempts < 3 ? Promise.reject(new Error('again')) : answer;
  };
  const transport = transportTo(cluster, { producer, key: () => 'k' });
  loggerWith(transport).info('record 0');
  await expectFlushed(transport, 1);
  expect(attempts).toBe(3);
});
