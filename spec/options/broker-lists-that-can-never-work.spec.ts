// A list like `['a:9092,b:9092']`, an environment variable put in brackets, was taken, and ended in warnings about a port NaN.
import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../lib/options/resolve.ts';
import { expectTaken, refused } from './refused.ts';

/** The brokers that the client gets. */
function resolved(brokers: unknown): unknown {
  const { client } = resolveOptions({ topic: 'logs', kafka: { brokers } });
  return client.kind === 'own' && client.kafka.brokers;
}

const RULE =
  'winston-kafkajs: option "kafka.brokers" must be "host:port" (several: in a list, or in one string with commas between them), or a function that returns this; given was ';

describe('brokers that can work', () => {
  it.each<[unknown, string[]]>([
    ['a:9092', ['a:9092']],
    ['a:9092,b:9093', ['a:9092', 'b:9093']],
    ['  a:9092 ,\tb:9093\n', ['a:9092', 'b:9093']],
    // What a script that joins a list leaves behind.
    ['a:9092,b:9093,', ['a:9092', 'b:9093']],
    [',a:9092,,b:9093', ['a:9092', 'b:9093']],
    ['[::1]:9092, [2001:db8::7]:9092', ['[::1]:9092', '[2001:db8::7]:9092']],
    [
      ['a:9092', '10.0.0.7:9092'],
      ['a:9092', '10.0.0.7:9092'],
    ],
    [['my_kafka_1:9092'], ['my_kafka_1:9092']],
    [['kafka.internal.:1'], ['kafka.internal.:1']],
    [['KAFKA-0.svc:65535'], ['KAFKA-0.svc:65535']],
    [['bücher.example:9092'], ['bücher.example:9092']],
    [['[fe80::1%eth0]:9092'], ['[fe80::1%eth0]:9092']],
    [['[::ffff:10.0.0.7]:9092'], ['[::ffff:10.0.0.7]:9092']],
  ])('%j', (brokers, expected) => {
    expectTaken({ topic: 'logs', kafka: { brokers } });
    expect(resolved(brokers)).toEqual(expected);
  });

  it('are copied: what becomes of the list later does nothing', () => {
    const brokers = ['a:9092'];
    const before = resolved(brokers);
    brokers.push('b:9092');
    expect(before).toEqual(['a:9092']);
  });
});

describe('brokers that can never work are refused, with what is wrong', () => {
  it.each<[unknown, string]>([
    [undefined, 'undefined'],
    [null, 'null'],
    [9092, 'of type number'],
    [{ host: 'a', port: 9092 }, 'an object'],
    ['', 'an empty string'],
    ['  ', 'an empty string'],
    [' , ,', 'a string with nothing but commas in it'],
    [[], 'an empty array'],
    [[['a:9092']], 'a list whose entry [0] is not a string'],
    [['a:9092', 5], 'a list whose entry [1] is not a string'],
    [['a:9092', undefined], 'a list whose entry [1] is not a string'],
    // A list with a hole.
    [new Array(1), 'a list whose entry [0] is not a string'],
    [['a:9092', ''], 'a list whose entry [1] is empty'],
    [
      ['a:9092,b:9092'],
      'a list whose entry [0] has a comma in it (give such a string by itself, without the list around it)',
    ],
    [[' a:9092'], 'a list whose entry [0] has white space in it'],
    [['a:9092\n'], 'a list whose entry [0] has white space in it'],
    [
      'a:9092 b:9092',
      'a string whose entry [0] has white space in it (put commas between several addresses)',
    ],
    ['a', 'a string whose entry [0] has no port'],
    [['a'], 'a list whose entry [0] has no port'],
    [['[::1]'], 'a list whose entry [0] has no port'],
    [['a:'], 'a list whose entry [0] has a port that is not a number from 1 to 65535'],
    [['a:0'], 'a list whose entry [0] has a port that is not a number from 1 to 65535'],
    [['a:65536'], 'a list whose entry [0] has a port that is not a number from 1 to 65535'],
    [['a:9092x'], 'a list whose entry [0] has a port that is not a number from 1 to 65535'],
    [['a:-1'], 'a list whose entry [0] has a port that is not a number from 1 to 65535'],
    [['a:1e3'], 'a list whose entry [0] has a port that is not a number from 1 to 65535'],
    [['a:0x10'], 'a list whose entry [0] has a port that is not a number from 1 to 65535'],
    [['a:undefined'], 'a list whose entry [0] has a port that is not a number from 1 to 65535'],
    ['a:9092;b:9092', 'a string whose entry [0] has ";" in it, which no host name has'],
    [[':9092'], 'a list whose entry [0] has no host'],
    [['a..b:9092'], 'a list whose entry [0] has an empty part in its host name'],
    [['.a:9092'], 'a list whose entry [0] has an empty part in its host name'],
    [['a:9092/'], 'a list whose entry [0] has "/" in it, which no host name has'],
    [['a:b:9092'], 'a list whose entry [0] has more than one colon'],
    [
      ['::1:9092'],
      'a list whose entry [0] has more than one colon (an IPv6 address goes in brackets: "[::1]:9092")',
    ],
    [['[a]:9092'], 'a list whose entry [0] has something other than an IPv6 address in its brackets'],
    [['[10.0.0.7]:9092'], 'a list whose entry [0] has something other than an IPv6 address in its brackets'],
    [
      ['PLAINTEXT://a:9092'],
      'a list whose entry [0] has a scheme (leave "PLAINTEXT://" out; TLS is kafka.ssl, SASL is kafka.sasl)',
    ],
    ['SASL_SSL://a:9092,SASL_SSL://b:9092', 'a string whose entry [0] has a scheme (leave "SASL_SSL://" out'],
    [['https://a'], 'a list whose entry [0] has a scheme (leave "https://" out'],
    ['"a:9092"', 'a string whose entry [0] has """ in it, which no host name has'],
    ['["a:9092"]', 'a string with JSON in it (give what JSON.parse makes of it)'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable that nobody has filled in
    ['${HOST}:9092', 'a string whose entry [0] has "$" in it, which no host name has'],
    [['undefined:9092'], 'a list whose entry [0] has the host "undefined" (is a variable not set?)'],
    [['null:9092'], 'a list whose entry [0] has the host "null" (is a variable not set?)'],
    [['*:9092'], 'a list whose entry [0] has "*" in it, which no host name has'],
    [
      ['user:hunter2@a:9092'],
      'a list whose entry [0] has "@" in it (a user name and password go to kafka.sasl)',
    ],
  ])('%j', (brokers, given) => {
    const { option, message } = refused({ topic: 'logs', kafka: { brokers } });
    expect(option).toBe('kafka.brokers');
    expect(message.startsWith(`${RULE}${given}`), message).toBe(true);
    expect(message).toMatch(/\.$/);
  });

  it.each([
    [['kafka://user:hunter2@a:9092']],
    ['user:hunter2@a:9092'],
    [['hunter2']],
    [['hunter2:hunter2']],
    [['hunter2://hunter2']],
    ['hunter2 hunter2'],
    [['[hunter2]:9092']],
    ['["hunter2"]'],
  ])('%j: and nothing of what might be a password is shown', (brokers) => {
    expect(refused({ topic: 'logs', kafka: { brokers } }).message).not.toContain('hunter2');
  });

  it('with worker: true, too', () => {
    const { message } = refused({ topic: 'logs', kafka: { brokers: ['a'] }, worker: true });
    expect(message).toBe(`${RULE}a list whose entry [0] has no port.`);
  });
});
