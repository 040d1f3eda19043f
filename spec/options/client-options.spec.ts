import { pathToFileURL } from 'node:url';
import { type LogEntry, logLevel } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import type { ClientOptions } from '../../lib/clients/client-source.ts';
import type { KafkaTransportOptions } from '../../lib/index.ts';
import { resolveOptions } from '../../lib/options/resolve.ts';
import { ENOUGH } from './refused.ts';

const BROKERS = ['127.0.0.1:1'];
const { topic } = ENOUGH;

function clientOf(options: object): ClientOptions {
  return resolveOptions({ topic, ...options }).client;
}

const creator = () => (_entry: LogEntry) => undefined;

describe('a client of the transport', () => {
  it('waits for all in-sync replicas, unless acks says otherwise', () => {
    expect(clientOf({ kafka: { brokers: BROKERS } })).toMatchObject({
      kind: 'own',
      acks: -1,
      idempotent: false,
    });
    expect(clientOf({ kafka: { brokers: BROKERS }, acks: 1 })).toMatchObject({ acks: 1 });
    expect(clientOf({ kafka: { brokers: BROKERS }, idempotent: true })).toMatchObject({
      acks: -1,
      idempotent: true,
    });
  });

  it.each<[string, object, KafkaTransportOptions['clientLog'], logLevel]>([
    ['by default: warnings', {}, undefined, logLevel.WARN],
    ['by clientLog', {}, { level: 'debug' }, logLevel.DEBUG],
    ['by clientLog, and not by logLevel in kafka', { logLevel: logLevel.INFO }, undefined, logLevel.WARN],
    [
      'by logLevel beside a logCreator',
      { logCreator: creator, logLevel: logLevel.INFO },
      undefined,
      logLevel.INFO,
    ],
    [
      'by clientLog, where that is given too',
      { logCreator: creator, logLevel: logLevel.INFO },
      { level: 'error' },
      logLevel.ERROR,
    ],
    ['by default, where a logCreator stands alone', { logCreator: creator }, undefined, logLevel.WARN],
  ])('logs %s', (_name, kafka, clientLog, level) => {
    expect(clientOf({ kafka: { brokers: BROKERS, ...kafka }, clientLog })).toMatchObject({ logLevel: level });
  });

  it('logs by the logCreator in kafka, where there is one', () => {
    expect(clientOf({ kafka: { brokers: BROKERS, logCreator: creator } })).toMatchObject({
      logCreator: creator,
    });
  });

  it.each([
    ['a list', BROKERS],
    ['a function', () => BROKERS],
  ])(
    'has a copy of kafka, in which ssl and sasl stay what they were, with brokers as %s',
    (_name, brokers) => {
      const kafka = { brokers, ssl: { ca: 'x' }, sasl: { mechanism: 'plain', username: 'u', password: 'p' } };
      const client = clientOf({ kafka });
      if (client.kind !== 'own') throw new Error(client.kind);
      expect(client.kafka).not.toBe(kafka);
      expect(client.kafka).toEqual(kafka);
      expect(client.kafka.ssl).toBe(kafka.ssl);
      expect(client.kafka.sasl).toBe(kafka.sasl);
    },
  );
});

describe('a client in a worker thread', () => {
  it('may have bytes in kafka, and nothing of a class', () => {
    const ssl = { ca: [Buffer.from('x')], key: new Uint8Array(1) };
    expect(clientOf({ kafka: { brokers: BROKERS, ssl }, worker: true })).toMatchObject({ kind: 'worker' });
    const withDate = { brokers: BROKERS, ssl: { ca: [new Date(0)] } };
    expect(() => clientOf({ kafka: withDate, worker: true })).toThrow(
      'option "kafka.ssl.ca.0" must be left out',
    );
    const withFunction = {
      brokers: BROKERS,
      sasl: { mechanism: 'oauthbearer', oauthBearerProvider: () => 1 },
    };
    expect(() => clientOf({ kafka: withFunction, worker: true })).toThrow(
      'option "kafka.sasl.oauthBearerProvider"',
    );
  });

  it('may have its configuration in a module, by path or URL', () => {
    const url = pathToFileURL('/srv/kafka.mjs');
    for (const kafkaModule of [url, url.href, '/srv/kafka.mjs'])
      expect(clientOf({ kafkaModule, worker: true })).toMatchObject({ kind: 'worker', kafka: url });
    for (const kafkaModule of ['', 7, new URL('https://localhost/kafka.mjs')]) {
      expect(() => clientOf({ kafkaModule, worker: true })).toThrow('the path or the file: URL of a module');
    }
  });

  it("has Node's flags for the thread, in a list of its own", () => {
    const execArgv = ['--no-warnings'];
    const client = clientOf({ kafka: { brokers: BROKERS }, worker: true, workerOptions: { execArgv } });
    execArgv.push('--later');
    expect(client).toMatchObject({ execArgv: ['--no-warnings'] });
    expect(clientOf({ kafka: { brokers: BROKERS }, worker: true })).toMatchObject({ execArgv: [] });
  });
});

it('a producer that was handed in keeps its own acks, unless the option says otherwise', () => {
  const producer = { connect: () => undefined, send: () => undefined, disconnect: () => undefined };
  expect(clientOf({ producer })).toEqual({ kind: 'external', producer, acks: undefined });
  expect(clientOf({ producer, acks: 1 })).toEqual({ kind: 'external', producer, acks: 1 });
});
