import {
  KafkaJSConnectionError,
  KafkaJSError,
  KafkaJSNumberOfRetriesExceeded,
  KafkaJSProtocolError,
} from 'kafkajs';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../lib/delivery/batch.ts';
import { DeadlineError } from '../../lib/delivery/deadline.ts';
import { judgeAnswer, judgeError } from '../../lib/delivery/verdict.ts';
import { recordOf } from './rig.ts';

const batchTo = (partition: number | undefined): Batch => ({
  topic: 'logs',
  content: [recordOf()],
  partition,
});
const named = (name: string, message = ''): Error => Object.assign(new Error(message), { name });
const protocol = (type: string, code: number): Error =>
  new KafkaJSProtocolError(Object.assign(new Error(type), { type, code, retriable: true }) as never);

const AGAIN = { kind: 'again', client: 'fine' };
const DOUBTFUL = { kind: 'halve', reason: 'rejected', certain: false };

describe('a send that failed', () => {
  it.each<[string, unknown, object]>([
    [
      'a record too large',
      protocol('MESSAGE_TOO_LARGE', 10),
      { kind: 'halve', reason: 'oversize', certain: true },
    ],
    ['a batch too large', { code: 18 }, { kind: 'halve', reason: 'oversize', certain: true }],
    [
      'a record refused',
      protocol('INVALID_RECORD', 87),
      { kind: 'halve', reason: 'rejected', certain: true },
    ],
    ['a timestamp refused', { code: 32 }, { kind: 'halve', reason: 'rejected', certain: true }],
    ['a topic refused', protocol('TOPIC_AUTHORIZATION_FAILED', 29), { kind: 'refuse' }],
    ['an impossible topic', protocol('INVALID_TOPIC_EXCEPTION', 17), { kind: 'refuse' }],
    ['a compression refused', { code: 76 }, { kind: 'refuse' }],
    ['what cannot be encoded', new TypeError('x'), { kind: 'halve', reason: 'rejected', certain: false }],
    ['what cannot be encoded, either', new RangeError('x'), { kind: 'halve', certain: false }],
    ['a codec that is missing', named('KafkaJSNotImplemented'), { kind: 'halve', certain: false }],
    ['another leader', protocol('NOT_LEADER_OR_FOLLOWER', 6), { kind: 'again', client: 'fine' }],
    ['no topic', protocol('UNKNOWN_TOPIC_OR_PARTITION', 3), { kind: 'again', client: 'fine' }],
    ['too few replicas', protocol('NOT_ENOUGH_REPLICAS', 19), { kind: 'again', client: 'fine' }],
    ['a code nobody knows', { type: 'WHATEVER', code: 12_345 }, { kind: 'again', client: 'fine' }],
    ['a refused connection', new KafkaJSConnectionError('ECONNREFUSED'), { kind: 'again', client: 'fine' }],
    ['no answer', new DeadlineError('x'), { kind: 'again', client: 'doubtful' }],
    ['a batch in the way', named('SequenceError'), { kind: 'again', client: 'out-of-sequence' }],
    [
      "no answer, in kafkajs's words",
      named('KafkaJSRequestTimeoutError'),
      { kind: 'again', client: 'doubtful' },
    ],
    ['no connection', new KafkaJSError('Broker not connected'), { kind: 'again', client: 'doubtful' }],
    [
      'a dead producer',
      new KafkaJSError('The producer is disconnected'),
      { kind: 'again', client: 'doubtful' },
    ],
    ['a string', 'nonsense', DOUBTFUL],
    ['nothing', undefined, DOUBTFUL],
    ['null', null, DOUBTFUL],
    ['an Error that says nothing of a network', new Error('boom'), DOUBTFUL],
    ['what BigInt throws', new SyntaxError('Cannot convert 1.5 to a BigInt'), DOUBTFUL],
    ['what cannot be handed to a thread', Object.assign(named('DataCloneError'), { code: 25 }), DOUBTFUL],
    ['what zlib throws', Object.assign(new Error('x'), { code: 'Z_DATA_ERROR', errno: -3 }), DOUBTFUL],
    ["Node's error about an argument", Object.assign(new Error('x'), { code: 'ERR_OUT_OF_RANGE' }), DOUBTFUL],
    ["Node's error of the system", Object.assign(new Error('x'), { code: 'EPIPE' }), AGAIN],
    ["Node's error of TLS", Object.assign(new Error('x'), { code: 'ERR_SSL_WRONG_VERSION_NUMBER' }), AGAIN],
    ['a limit', named('TimeoutError'), AGAIN],
    ["librdkafka's error", Object.assign(new Error('x'), { code: -195 }), AGAIN],
    ["another engine's error", Object.assign(new Error('x'), { code: 'PLT_KFK_NETWORK' }), AGAIN],
    ['too old', protocol('INVALID_TIMESTAMP', 32), { kind: 'halve', certain: true, refused: 'timestamp' }],
    ['without key', protocol('INVALID_RECORD', 87), { kind: 'halve', certain: true, refused: 'record' }],
  ])('%s', (_, error, verdict) => {
    expect(judgeError(error)).toMatchObject({ ...verdict, cause: error });
    // kafkajs's own retry wraps it, and says that it is not retriable.
    if (error instanceof Error) {
      const wrapped = new KafkaJSNumberOfRetriesExceeded(error, { retryCount: 0, retryTime: 1 });
      Object.assign(wrapped, { cause: error });
      expect(judgeError(wrapped)).toMatchObject({ ...verdict, cause: wrapped });
    }
  });

  it.each<[string, unknown]>([
    [
      'getters that throw',
      Object.defineProperty({}, 'cause', {
        get: () => {
          throw new Error('mean');
        },
      }),
    ],
    ['a message that is no text', { message: { toString: () => 1 as unknown as string, valueOf: 1 } }],
    ['causes in a circle', circular()],
  ])('an error with %s', (_, error) => {
    expect(judgeError(error)).toMatchObject(DOUBTFUL);
  });
});

describe('a send that resolved', () => {
  it.each<[string, unknown, object]>([
    ['the answer of kafkajs', [{ topicName: 'logs', partition: 3, errorCode: 0 }], { kind: 'delivered' }],
    ['without an error code', [{ topicName: 'logs', partition: 3 }], { kind: 'delivered' }],
    ['among others', [null, { topicName: 'x' }, { topicName: 'logs', partition: 3 }], { kind: 'delivered' }],
    ['nothing', undefined, { kind: 'relearn' }],
    ['null', null, { kind: 'relearn' }],
    ['an empty list', [], { kind: 'relearn' }],
    ['no list', { topicName: 'logs', partition: 3, errorCode: 0 }, { kind: 'relearn' }],
    ['another partition', [{ topicName: 'logs', partition: 2, errorCode: 0 }], { kind: 'relearn' }],
    ['another topic', [{ topicName: 'x', partition: 3, errorCode: 0 }], { kind: 'relearn' }],
    ['no partition', [{ topicName: 'logs', errorCode: 0 }], { kind: 'relearn' }],
    ['an error code', [{ topicName: 'logs', partition: 3, errorCode: 6 }], { kind: 'again' }],
    ['an error code as text', [{ topicName: 'logs', partition: 3, errorCode: '6' }], { kind: 'again' }],
    ['a permanent error', [{ topicName: 'logs', partition: 3, errorCode: 10 }], { kind: 'halve' }],
    ['a refusal', [{ topicName: 'logs', partition: 3, errorCode: 29 }], { kind: 'refuse' }],
  ])('with %s', (_, answer, verdict) => {
    expect(judgeAnswer(answer, batchTo(3))).toMatchObject(verdict);
  });

  it.each([3, 0])('to a partition that the client chose (%s): the batch learns it', (partition) => {
    const batch = batchTo(undefined);
    expect(judgeAnswer([{ topicName: 'logs', partition, errorCode: 0 }], batch).kind).toBe('delivered');
    expect(batch.partition).toBe(partition);
  });

  it.each([-1, 1.5, Number.NaN, '3'])(
    'to a partition that cannot be (%s): nobody has confirmed it',
    (partition) => {
      const batch = batchTo(undefined);
      expect(judgeAnswer([{ topicName: 'logs', partition, errorCode: 0 }], batch).kind).toBe('relearn');
      expect(batch.partition).toBeUndefined();
    },
  );
});

function circular(): unknown {
  const error: { cause?: unknown } = {};
  error.cause = { cause: error };
  return error;
}
