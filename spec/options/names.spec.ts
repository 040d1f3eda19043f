import { describe, expect, it } from 'vitest';
import { KafkaTransport } from '../../lib/index.ts';
import { ENOUGH, refused } from './refused.ts';

describe('an option that is not known', () => {
  it.each([
    ['topics', 'topic'],
    ['brokers', 'kafka.brokers'],
    ['clientId', 'kafka.clientId'],
    ['lingerMs', 'batch.lingerMs'],
    ['overflow', 'buffer.overflow'],
    ['Filter', 'filter'],
    ['filters', 'filter'],
    ['headerss', 'headers'],
    ['batchs', 'batch'],
    ['bufer', 'buffer'],
    ['retries', 'retry'],
    ['closeTimeout', 'closeTimeoutMs'],
    ['requestTimeout', 'requestTimeoutMs'],
    ['handleException', 'handleExceptions'],
    ['dropnotice', 'dropNotice'],
    ['callsite', 'callSite'],
    ['ack', 'acks'],
    ['producers', 'producer'],
    ['zzzzzzzzzzzzzzzzzzzzz', undefined],
  ])('%s is refused, with the nearest name', (name, nearest) => {
    const { option, message } = refused({ ...ENOUGH, [name]: 1 });
    expect(option).toBe(name);
    const hint =
      nearest === undefined ? / Known are: topic, kafka, producer, .+\.$/ : ` Did you mean "${nearest}"?`;
    expect(message).toMatch(hint);
    expect(message).toContain(`winston-kafkajs: unknown option "${name}".`);
  });

  it.each([
    ['options', 'The options are not in a group of that name: write them beside "topic" and "kafka".'],
    ['batchSize', 'Did you mean "batch.maxRecords" (records) or "batch.maxBytes" (bytes)?'],
    ['highWaterMark', 'Did you mean "buffer.maxRecords" (records) or "buffer.maxBytes" (bytes)?'],
    ['flushInterval', 'Did you mean "batch.lingerMs"?'],
    ['connectionString', 'Did you mean "kafka.brokers"?'],
    ['bootstrapServers', 'Did you mean "kafka.brokers"?'],
    ['bootstrap.servers', 'Did you mean "kafka.brokers"?'],
    ['host', 'Did you mean "kafka.brokers"?'],
    ['clientConfig', 'Did you mean "kafka"?'],
    ['sinkTopic', 'Did you mean "topic"?'],
    ['timeout', 'Did you mean "requestTimeoutMs"?'],
    ['messageKey', 'Did you mean "key"?'],
    ['serializer', 'Did you mean "serialize"?'],
    ['formatter', 'Did you mean "format"?'],
    [
      'logLevel',
      'Did you mean "level" (of the records) or "clientLog.level" (of the Kafka client\'s own lines)?',
    ],
    ['meta', 'Did you mean "defaultMeta" of the logger, which all its transports get?'],
    [
      'producerConfig',
      'Did you mean "key", "partition", "headers", "acks", "compression" or "idempotent" of the transport itself?',
    ],
  ])('%s, as other transports and clients call it, is refused with what it is called here', (name, hint) => {
    const { option, message } = refused({ ...ENOUGH, [name]: 1 });
    expect({ option, message }).toEqual({
      option: name,
      message: `winston-kafkajs: unknown option "${name}". ${hint}`,
    });
  });

  it.each([
    ['batch', 'maxRecord', 'batch.maxRecords'],
    ['batch', 'linger', 'batch.lingerMs'],
    ['buffer', 'overFlow', 'buffer.overflow'],
    ['retry', 'initial', 'retry.initialMs'],
    ['clientLog', 'levels', 'clientLog.level'],
  ])('in %s, %s is refused by its path', (group, name, nearest) => {
    const { option, message } = refused({ ...ENOUGH, [group]: { [name]: 1 } });
    expect(option).toBe(`${group}.${name}`);
    expect(message).toBe(`winston-kafkajs: unknown option "${group}.${name}". Did you mean "${nearest}"?`);
  });

  it('is no error when it is undefined', () => {
    expect(
      () => new KafkaTransport({ ...ENOUGH, nonsense: undefined, batch: { more: undefined } } as never),
    ).not.toThrow();
  });
});

describe('options that are no options', () => {
  it.each([undefined, null, 5, 'topic', [], () => 0, new (class Options {})()])(
    'are refused: %o',
    (options) => {
      expect(refused(options)).toMatchObject({
        option: 'options',
        message: expect.stringContaining('an object with at least "topic" and "kafka"'),
      });
    },
  );
});
