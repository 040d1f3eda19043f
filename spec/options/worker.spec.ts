import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../lib/options/resolve.ts';
import { refused } from './refused.ts';

const brokers = ['127.0.0.1:9092'];
const moduleOf = (kafkaModule: unknown) =>
  resolveOptions({ topic: 'logs', worker: true, kafkaModule }).client as { kind: string; kafka: URL };

describe('worker: true', () => {
  it.each([[1], ['true'], [null], [{}]])('is a flag: %j is refused', (worker) => {
    expect(refused({ topic: 'logs', kafka: { brokers }, worker })).toMatchObject({
      option: 'worker',
      message: expect.stringContaining('true or false'),
    });
  });

  it.each<[string, object]>([
    ['kafka.brokers', { brokers: () => brokers }],
    ['kafka.logCreator', { logCreator: () => () => undefined }],
    ['kafka.socketFactory', { socketFactory: () => undefined }],
    [
      'kafka.sasl.oauthBearerProvider',
      { sasl: { mechanism: 'oauthbearer', oauthBearerProvider: () => undefined } },
    ],
    [
      'kafka.sasl.authenticationProvider',
      { sasl: { mechanism: 'x', authenticationProvider: () => undefined } },
    ],
    ['kafka.ssl.checkServerIdentity', { ssl: { checkServerIdentity: () => undefined } }],
  ])('a function cannot go there: %s is refused, with what to do', (option, kafka) => {
    const { message, ...error } = refused({ topic: 'logs', kafka: { brokers, ...kafka }, worker: true });
    expect(error).toMatchObject({ option });
    expect(message).toContain('a function cannot be handed to another thread');
    expect(message).toContain('move the configuration to a module, and give its path as "kafkaModule"');
  });

  it('nor can an instance of a class', () => {
    const kafka = { brokers, ssl: { secureContext: createSecureContext() } };
    expect(refused({ topic: 'logs', kafka, worker: true })).toMatchObject({
      option: 'kafka.ssl.secureContext',
      message: expect.stringContaining('an instance of a class cannot be handed to another thread'),
    });
  });

  it('what refers to itself can: it was a stack overflow', () => {
    const kafka = { brokers, ssl: {} };
    Object.assign(kafka.ssl, { kafka });
    expect(resolveOptions({ topic: 'logs', kafka, worker: true }).client.kind).toBe('worker');
  });

  it('texts, numbers, lists and Buffers can', () => {
    const kafka = { brokers, ssl: { ca: [Buffer.from('x'), 'y'] }, connectionTimeout: 5 };
    expect(resolveOptions({ topic: 'logs', kafka, worker: true }).client.kind).toBe('worker');
  });

  it('a producer lives in this thread: it is refused, with what to do', () => {
    expect(refused({ topic: 'logs', producer: () => undefined, worker: true })).toMatchObject({
      option: 'producer',
      message: expect.stringContaining('give "kafka" instead'),
    });
  });

  it('a codec that this thread has registered is not there', () => {
    expect(refused({ topic: 'logs', kafka: { brokers }, compression: 2, worker: true })).toMatchObject({
      option: 'compression',
      message: expect.stringContaining('register one in a "kafkaModule"'),
    });
    for (const compression of [0, 1])
      expect(resolveOptions({ topic: 'logs', kafka: { brokers }, compression, worker: true })).toMatchObject({
        compression,
      });
    const kafkaModule = 'kafka.js';
    expect(resolveOptions({ topic: 'logs', kafkaModule, compression: 2, worker: true }).compression).toBe(2);
  });
});

describe('kafkaModule', () => {
  it('is the path of a module, from the working directory on, or its URL', () => {
    const path = join(tmpdir(), 'kafka.js');
    const url = pathToFileURL(path);
    for (const given of [path, url, url.href]) expect(moduleOf(given).kafka.href).toBe(url.href);
    expect(moduleOf('config/kafka.js').kafka.href).toBe(
      pathToFileURL(join(process.cwd(), 'config/kafka.js')).href,
    );
  });

  it.each([[''], [5], [{}], [null], [new URL('data:text/javascript,')]])(
    'is nothing else: %s is refused',
    (kafkaModule) => {
      expect(refused({ topic: 'logs', worker: true, kafkaModule })).toMatchObject({
        option: 'kafkaModule',
        message: expect.stringContaining('the path or the file: URL of a module'),
      });
    },
  );

  it('needs worker: true', () => {
    expect(refused({ topic: 'logs', kafkaModule: 'kafka.js' })).toMatchObject({
      option: 'kafkaModule',
      message: expect.stringContaining('left out without worker: true'),
    });
  });

  it('takes the place of kafka', () => {
    expect(
      refused({ topic: 'logs', kafka: { brokers }, kafkaModule: 'kafka.js', worker: true }),
    ).toMatchObject({
      option: 'kafkaModule',
      message: expect.stringContaining('left out with "kafka"'),
    });
  });
});

describe('workerOptions', () => {
  const given = { topic: 'logs', kafka: { brokers }, worker: true };
  const execArgvOf = (options: object): unknown =>
    (resolveOptions({ ...given, ...options }).client as { execArgv?: unknown }).execArgv;

  it.each([
    [{}, []],
    [{ workerOptions: undefined }, []],
    [{ workerOptions: {} }, []],
    [{ workerOptions: { execArgv: undefined } }, []],
    [{ workerOptions: { execArgv: [] } }, []],
    [{ workerOptions: { execArgv: ['--import', './loader.mjs'] } }, ['--import', './loader.mjs']],
    [{ workerOptions: { execArgv: ['--dns-result-order=ipv4first'] } }, ['--dns-result-order=ipv4first']],
  ])('%j gives the thread the flags %j', (options, flags) => {
    expect(execArgvOf(options)).toEqual(flags);
  });

  it.each([['--import x'], [{}], [[1]], [null], [['--import', undefined]]])(
    'execArgv: %j is refused',
    (execArgv) => {
      expect(refused({ ...given, workerOptions: { execArgv } })).toMatchObject({
        option: 'workerOptions.execArgv',
        message: expect.stringContaining("a list of Node's flags, each a string"),
      });
    },
  );

  it.each([['--max-old-space-size=20'], ['--no-such-flag'], ['--title=logs'], ['--import']])(
    '%s, which no thread takes, is refused at once',
    (flag) => {
      expect(refused({ ...given, workerOptions: { execArgv: [flag] } })).toMatchObject({
        option: 'workerOptions.execArgv',
        message: expect.stringMatching(`flags that Node takes for a thread \\(.*${flag}`),
      });
    },
  );

  it.each([[1], ['--import'], [null], [[]]])('is a group: %j is refused', (workerOptions) => {
    expect(refused({ ...given, workerOptions })).toMatchObject({ option: 'workerOptions' });
  });

  it('has no other names, and is found from one that stands too high', () => {
    expect(refused({ ...given, workerOptions: { execArgs: [] } }).message).toContain(
      'Did you mean "workerOptions.execArgv"?',
    );
    expect(refused({ ...given, execArgv: [] }).message).toContain('Did you mean "workerOptions.execArgv"?');
  });

  it('needs worker: true', () => {
    expect(refused({ topic: 'logs', kafka: { brokers }, workerOptions: {} })).toMatchObject({
      option: 'workerOptions',
      message: expect.stringContaining('left out without worker: true'),
    });
  });
});
