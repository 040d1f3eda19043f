import {
  KafkaJSConnectionError,
  KafkaJSError,
  KafkaJSNumberOfRetriesExceeded,
  KafkaJSProtocolError,
} from 'kafkajs';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../lib/accumulator/batch.ts';
import { answeredPartition, classifyAnswer, classifyError } from '../../lib/clients/send-result.ts';
import { DeadlineError } from '../../lib/time/deadline.ts';
import { clientBatch, recordOf } from '../sender/rig.ts';

const batchTo = (partition: number | undefined): Batch => clientBatch('logs', [recordOf()], partition);
const named = (name: string, message = ''): Error => Object.assign(new Error(message), { name });
const protocol = (type: string, code: number): Error =>
  new KafkaJSProtocolError(Object.assign(new Error(type), { type, code, retriable: true }) as never);

const AGAIN = { kind: 'retry', client: 'fine' };
const DOUBTFUL = { kind: 'bisect', reason: 'rejected', certain: false };

describe('a send that failed', () => {
  it.each<[string, unknown, object]>([
    [
      'a record too large',
      protocol('MESSAGE_TOO_LARGE', 10),
      { kind: 'bisect', reason: 'oversize', certain: true },
    ],
    ['a batch too large', { code: 18 }, { kind: 'bisect', reason: 'oversize', certain: true }],
    [
      'a record refused',
      protocol('INVALID_RECORD', 87),
      { kind: 'bisect', reason: 'rejected', certain: true },
    ],
    ['a timestamp refused', { code: 32 }, { kind: 'bisect', reason: 'rejected', certain: true }],
    ['a topic refused', protocol('TOPIC_AUTHORIZATION_FAILED', 29), { kind: 'reject-topic' }],
    ['an impossible topic', protocol('INVALID_TOPIC_EXCEPTION', 17), { kind: 'reject-topic' }],
    ['a compression refused', { code: 76 }, { kind: 'reject-topic' }],
    ['what cannot be encoded', new TypeError('x'), { kind: 'bisect', reason: 'rejected', certain: false }],
    ['what cannot be encoded, either', new RangeError('x'), { kind: 'bisect', certain: false }],
    ['a codec that is missing', named('KafkaJSNotImplemented'), { kind: 'bisect', certain: false }],
    ['another leader', protocol('NOT_LEADER_OR_FOLLOWER', 6), { kind: 'retry', client: 'fine' }],
    ['no topic', protocol('UNKNOWN_TOPIC_OR_PARTITION', 3), { kind: 'retry', client: 'fine' }],
    ['too few replicas', protocol('NOT_ENOUGH_REPLICAS', 19), { kind: 'retry', client: 'fine' }],
    ['a code nobody knows', { type: 'WHATEVER', code: 12_345 }, { kind: 'retry', client: 'fine' }],
    ['a refused connection', new KafkaJSConnectionError('ECONNREFUSED'), { kind: 'retry', client: 'fine' }],
    ['no answer', new DeadlineError('x'), { kind: 'retry', client: 'doubtful' }],
    ['a batch in the way', named('SequenceError'), { kind: 'retry', client: 'out-of-sequence' }],
    ['a batch that was numbered anew', named('RenumberedError'), { kind: 'retry', client: 'fine' }],
    [
      "no answer, in kafkajs's words",
      named('KafkaJSRequestTimeoutError'),
      { kind: 'retry', client: 'doubtful' },
    ],
    ['no connection', new KafkaJSError('Broker not connected'), { kind: 'retry', client: 'doubtful' }],
    [
      'a dead producer',
      new KafkaJSError('The producer is disconnected'),
      { kind: 'retry', client: 'doubtful' },
    ],
    ['a string', 'whatever', DOUBTFUL],
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
    ['too old', protocol('INVALID_TIMESTAMP', 32), { kind: 'bisect', certain: true, refused: 'timestamp' }],
    ['without key', protocol('INVALID_RECORD', 87), { kind: 'bisect', certain: true, refused: 'record' }],
  ])('%s', (_, error, result) => {
    expect(classifyError(error)).toMatchObject({ ...result, cause: error });
    // kafkajs's own retry wraps it, and says that it is not retriable.
    if (error instanceof Error) {
      const wrapped = new KafkaJSNumberOfRetriesExceeded(error, { retryCount: 0, retryTime: 1 });
      Object.assign(wrapped, { cause: error });
      expect(classifyError(wrapped)).toMatchObject({ ...result, cause: wrapped });
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
    expect(classifyError(error)).toMatchObject(DOUBTFUL);
  });
});

describe('a send that resolved', () => {
  it.each<[string, unknown, object]>([
    ['the answer of kafkajs', [{ topicName: 'logs', partition: 3, errorCode: 0 }], { kind: 'delivered' }],
    ['without an error code', [{ topicName: 'logs', partition: 3 }], { kind: 'delivered' }],
    ['among others', [null, { topicName: 'x' }, { topicName: 'logs', partition: 3 }], { kind: 'delivered' }],
    ['nothing', undefined, { kind: 'refresh-metadata' }],
    ['null', null, { kind: 'refresh-metadata' }],
    ['an empty list', [], { kind: 'refresh-metadata' }],
    ['no list', { topicName: 'logs', partition: 3, errorCode: 0 }, { kind: 'refresh-metadata' }],
    ['another partition', [{ topicName: 'logs', partition: 2, errorCode: 0 }], { kind: 'refresh-metadata' }],
    ['another topic', [{ topicName: 'x', partition: 3, errorCode: 0 }], { kind: 'refresh-metadata' }],
    ['no partition', [{ topicName: 'logs', errorCode: 0 }], { kind: 'refresh-metadata' }],
    ['an error code', [{ topicName: 'logs', partition: 3, errorCode: 6 }], { kind: 'retry' }],
    ['an error code as text', [{ topicName: 'logs', partition: 3, errorCode: '6' }], { kind: 'retry' }],
    ['a permanent error', [{ topicName: 'logs', partition: 3, errorCode: 10 }], { kind: 'bisect' }],
    ['a refusal', [{ topicName: 'logs', partition: 3, errorCode: 29 }], { kind: 'reject-topic' }],
  ])('with %s', (_, answer, result) => {
    expect(classifyAnswer(answer, batchTo(3))).toMatchObject(result);
  });

  it.each([3, 0])(
    'to a partition that the client chose (%s): it is read, and nothing is written',
    (partition) => {
      const batch = Object.freeze(batchTo(undefined));
      const answer = [{ topicName: 'logs', partition, errorCode: 0 }];
      expect(classifyAnswer(answer, batch).kind).toBe('delivered');
      expect(answeredPartition(answer, batch)).toBe(partition);
    },
  );

  it.each([-1, 1.5, Number.NaN, '3'])(
    'to a partition that cannot be (%s): nobody has confirmed it',
    (partition) => {
      const batch = Object.freeze(batchTo(undefined));
      const answer = [{ topicName: 'logs', partition, errorCode: 0 }];
      expect(classifyAnswer(answer, batch).kind).toBe('refresh-metadata');
      expect(answeredPartition(answer, batch)).toBeUndefined();
    },
  );
});

function circular(): unknown {
  const error: { cause?: unknown } = {};
  error.cause = { cause: error };
  return error;
}
