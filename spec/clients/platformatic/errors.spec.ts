import { describe, expect, it } from 'vitest';
import { isNotSent } from '../../../lib/clients/not-sent-error.ts';
import { translatedError } from '../../../lib/clients/platformatic/errors.ts';
import { classifyError } from '../../../lib/clients/send-result.ts';
import { KafkaTransportError } from '../../../lib/index.ts';
import { rootCause } from '../../../lib/util/root-cause.ts';

// The errors are plain data, and are read on any Node.
const {
  MultipleErrors,
  NetworkError,
  ProtocolError,
  ResponseError,
  TimeoutError,
  UserError,
  AuthenticationError,
} = await import('@platformatic/kafka');

const translate = (error: unknown, isUnsent = false): unknown =>
  translatedError(error, { isUnsent, closed: '127.0.0.1:9092' });
const inASend = (error: Error): Error => new MultipleErrors('Producing messages failed.', [error]);

/** What a broker answers to Produce for one partition. */
function answered(errorCode: number, recordErrors: object[] = []): Error {
  const response = {
    responses: [
      { name: 'other', partitionResponses: [{ index: 1, errorCode: 0, recordErrors: [] }] },
      { name: 'logs', partitionResponses: [{ index: 0, errorCode, recordErrors, errorMessage: null }] },
    ],
  };
  const named = recordErrors.map((_, at): [string, [number, string]] => [`/${at}`, [-1, 'no']]);
  return new ResponseError(0, 8, Object.fromEntries([...named, ['/p', [errorCode, null]]]), response);
}

describe('an error of @platformatic/kafka', () => {
  it.each([
    [3, 'UNKNOWN_TOPIC_OR_PARTITION', 'retry'],
    [6, 'NOT_LEADER_FOR_PARTITION', 'retry'],
    [10, 'MESSAGE_TOO_LARGE', 'bisect'],
    [19, 'NOT_ENOUGH_REPLICAS', 'retry'],
    [29, 'TOPIC_AUTHORIZATION_FAILED', 'reject-topic'],
    [32, 'INVALID_TIMESTAMP', 'bisect'],
    [56, 'KAFKA_STORAGE_ERROR', 'retry'],
    [76, 'UNSUPPORTED_COMPRESSION_TYPE', 'reject-topic'],
    [87, 'INVALID_RECORD', 'bisect'],
  ])('with the code %i has the name that kafkajs has for it, %s: %s', (code, type, kind) => {
    const error = translate(inASend(answered(code)));
    expect(rootCause(error)).toMatchObject({ code, type });
    expect(classifyError(error)).toMatchObject({ kind });
  });

  it('names the records that the broker names, whose own code is none', () => {
    const error = translate(inASend(answered(87, [{ batchIndex: 3 }, { batchIndex: 5 }])));
    expect(classifyError(error)).toMatchObject({ kind: 'bisect', certain: true, refusedIndexes: [3, 5] });
  });

  it('has the code of the system where a connection failed, and says to whom', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9092'), { code: 'ECONNREFUSED' });
    const one = new NetworkError('Connection to a:9092 failed.', { cause: refused });
    const error = translate(inASend(one));
    expect(rootCause(error)).toMatchObject({ code: 'ECONNREFUSED' });
    expect(String(error)).toContain('Connection to a:9092 failed: connect ECONNREFUSED 127.0.0.1:9092');
    expect(isNotSent(error)).toBe(true);
    expect(classifyError(error)).toMatchObject({ kind: 'retry', client: 'fine' });
  });

  it('of several brokers is that of one that does not just refuse', () => {
    const failure = (code: string): Error =>
      new NetworkError(`Connection to ${code} failed.`, { cause: Object.assign(new Error(code), { code }) });
    const all = [failure('ECONNREFUSED'), failure('ETIMEDOUT'), failure('ENOTFOUND')];
    const error = translate(new MultipleErrors('Cannot connect to any broker.', all), true);
    expect(rootCause(error).code).toBe('ETIMEDOUT');
    // Such a client has no connection left: a fresh one takes its place.
    expect(classifyError(error)).toMatchObject({ kind: 'retry', client: 'doubtful' });
  });

  it('of a connection that broke in a send says which it was, and that records may have arrived', () => {
    const error = translate(inASend(new NetworkError('Connection closed')));
    expect(String(error)).toContain('Connection closed (127.0.0.1:9092)');
    expect(isNotSent(error)).toBe(false);
    expect(classifyError(error)).toMatchObject({ kind: 'retry', client: 'fine' });
  });

  it.each([
    ['of a request that took too long', new TimeoutError('Request timed out')],
    ['of a client that was closed', new NetworkError('Client is closed.', { canRetry: false })],
    ['of TLS that was not asked for', new UserError('Broker requires TLS.')],
    [
      'of a provider of tokens',
      new NetworkError('Connection to a:1 failed.', {
        cause: new AuthenticationError('threw', { cause: new TypeError('of the caller') }),
      }),
    ],
    [
      'of SASL',
      new AuthenticationError('failed', { cause: new ProtocolError('SASL_AUTHENTICATION_FAILED') }),
    ],
  ])('%s is an outage, and no fault of a record', (_, error) => {
    expect(classifyError(translate(inASend(error)))).toMatchObject({ kind: 'retry' });
  });

  it('has the name of Kafka where no send is answered with the code', () => {
    const error = translate(new ProtocolError('UNSUPPORTED_SASL_MECHANISM'));
    expect(rootCause(error)).toMatchObject({ code: 33, type: 'UNSUPPORTED_SASL_MECHANISM' });
  });

  it('about an unknown topic has its code again, which is lost on the way', () => {
    const error = translate(new UserError('Unknown topic logs.'));
    expect(rootCause(error)).toMatchObject({ code: 3, type: 'UNKNOWN_TOPIC_OR_PARTITION' });
  });

  it('of code stays one: the record or the client is at fault', () => {
    const error = translate(inASend(new RangeError('of an encoder')));
    expect(classifyError(error)).toMatchObject({ kind: 'bisect', certain: false, isClientSuspect: true });
  });

  it.each([
    ['an error of this package', new KafkaTransportError('ERR_INVALID_OPTION', 'no')],
    ['a string', 'thrown'],
    ['nothing', undefined],
  ])('that is %s stays as it is', (_, error) => {
    expect(translate(error)).toBe(error);
  });

  it('whose fields cannot be read is an error all the same', () => {
    const hostile = new MultipleErrors('Producing messages failed.', [
      Object.defineProperty(new Error('x'), 'cause', {
        get: () => {
          throw new Error('getter');
        },
      }),
    ]);
    expect(translate(hostile)).toBeInstanceOf(Error);
    const circle: Error = new Error('round');
    circle.cause = circle;
    expect(String(translate(circle))).toContain('round');
  });
});
