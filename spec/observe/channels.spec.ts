import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import winston from 'winston';
import type {
  BatchFailedMessage,
  BatchSentMessage,
  LoopDetectedMessage,
  RecordDroppedMessage,
  RecordSuppressedMessage,
  StateChangedMessage,
} from '../../lib/index.ts';
import { runGuarded } from '../../lib/loop-safety/guard.ts';
import { Channels } from '../../lib/observe/channels.ts';
import { ERROR } from '../../testing/broker/broker-cluster.ts';
import { recordOf } from '../sender/rig.ts';
import { loggerWith, plain, startCluster, TOPIC, transportTo } from '../support/harness.ts';
import { messagesOn } from './subscribed.ts';

describe('diagnostics_channel tells of', () => {
  it('a batch that the broker has acknowledged, and one that failed, with what becomes of it', async () => {
    const sent = messagesOn<BatchSentMessage>('batch:sent');
    const failed = messagesOn<BatchFailedMessage>('batch:failed');
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    cluster.inject({ api: 'Produce', times: 1, action: { error: ERROR.NOT_LEADER_OR_FOLLOWER } });
    transport.log({ message: 'one' });
    transport.log({ message: 'two' });
    await transport.flush(Infinity);
    const { bytes } = sent[0] ?? {};
    const batch = { transport, topic: TOPIC, partition: 0, records: 2, bytes };
    expect(failed).toMatchObject([{ ...batch, isRetry: false, result: 'retry' }]);
    expect(String(failed[0]?.error)).toMatch(/not the leader/i);
    expect(sent).toMatchObject([{ ...batch, isRetry: true }]);
    expect(bytes).toBe(cluster.values(TOPIC).join('').length);
    expect(sent[0]?.durationMs).toBeGreaterThan(0);
  });

  it('a batch that comes through at the first attempt, with all its records', async () => {
    const sent = messagesOn<BatchSentMessage>('batch:sent');
    const cluster = await startCluster();
    const transport = transportTo(cluster, { batch: { lingerMs: 50 } });
    for (const message of ['one', 'two', 'three']) transport.log({ message });
    await transport.flush(Infinity);
    const bytes = cluster.values(TOPIC).join('').length;
    expect(sent).toMatchObject([
      { transport, topic: TOPIC, partition: 0, records: 3, bytes, isRetry: false },
    ]);
  });

  it('a record that is dropped, and the state, as it changes', async () => {
    const dropped = messagesOn<RecordDroppedMessage>('record:dropped');
    const states = messagesOn<StateChangedMessage>('state:changed');
    const cluster = await startCluster();
    const transport = transportTo(cluster, {
      topic: ({ message }) => (message === 'lost' ? '' : TOPIC),
      dropNotice: false,
    });
    const logger = loggerWith(transport);
    logger.info('kept');
    const before = Date.now();
    logger.error('lost');
    await transport.flush(Infinity);
    await transport.close();
    expect(dropped).toEqual([
      {
        transport,
        reason: 'invalid',
        topic: '',
        level: 'error',
        time: expect.any(Number),
        bytes: 4,
        cause: expect.any(Error),
      },
    ]);
    expect(dropped[0]?.time).toBeGreaterThanOrEqual(before);
    expect(states).toEqual([
      { transport, from: 'idle', to: 'up', lastError: null },
      { transport, from: 'up', to: 'closed', lastError: null },
    ]);
  });

  it('the error that comes with a state', async () => {
    const cluster = await startCluster();
    await cluster.down();
    const transport = transportTo(cluster, { closeTimeoutMs: 20 });
    const isDown = new Promise<StateChangedMessage>((resolve) => {
      messagesOn<StateChangedMessage>('state:changed', resolve);
    });
    transport.log({ message: 'one' });
    expect(await isDown).toMatchObject({ from: 'idle', to: 'down', lastError: transport.stats().lastError });
    expect((await isDown).lastError?.message).toMatch(/ECONNREFUSED/);
  });

  it.each([
    ['reentrant', {}, (logger: winston.Logger) => runGuarded(() => logger.info('kept out'))],
    ['filtered', { filter: () => false }, (logger: winston.Logger) => logger.info('kept out')],
    [
      'filtered',
      {
        format: winston.format(({ message, ...info }) =>
          message === 'kept out' ? false : { message, ...info },
        )(),
      },
      (logger: winston.Logger) => logger.info('kept out'),
    ],
  ])('a record that is suppressed: %s', async (reason, options, log) => {
    const suppressed = messagesOn<RecordSuppressedMessage>('record:suppressed');
    const transport = transportTo(await startCluster(), options);
    log(winston.createLogger({ format: plain(), transports: [transport] }));
    expect(suppressed).toEqual([
      { transport, reason, info: expect.objectContaining({ level: 'info', message: 'kept out' }) },
    ]);
  });

  it('a loop', () => {
    const loops = messagesOn<LoopDetectedMessage>('loop:detected');
    const transport = new EventEmitter();
    const loop: Omit<LoopDetectedMessage, 'transport'> = {
      kind: 'silence',
      level: 'info',
      shape: 'got #',
      callSite: 'app.ts:1:2',
      suppressedForMs: 60_000,
    };
    new Channels(transport, () => undefined).loopDetected(loop);
    expect(loops).toEqual([{ transport, ...loop }]);
  });
});

it('nothing is put together for a channel without subscribers', () => {
  const channels = new Channels(new EventEmitter(), () => undefined);
  const untouchable = new Proxy({} as never, {
    get: () => {
      throw new Error('somebody has looked');
    },
  });
  const answered = { kind: 'delivered' } as const;
  expect(() => {
    channels.batchAnswered(untouchable, answered, 1, false);
    channels.batchAnswered(untouchable, { kind: 'refresh-metadata', cause: untouchable }, 1, false);
    channels.recordSuppressed(untouchable, 'filtered');
    channels.loopDetected(untouchable);
    channels.stateChanged('idle', 'up', untouchable);
  }).not.toThrow();
  // The Proxy does throw when it is looked at.
  messagesOn('batch:sent');
  expect(() => channels.batchAnswered(untouchable, answered, 1, false)).toThrow('somebody has looked');
  messagesOn('record:dropped');
  expect(() => channels.recordDropped(untouchable, 'closed', undefined)).toThrow('somebody has looked');
  channels.recordDropped(recordOf(), 'closed', undefined);
});
