import { expect, it } from 'vitest';
import { defineKafkaConfig, KafkaTransport, type KafkaTransportOptions } from '../lib/index.ts';
import { ENOUGH } from './options/refused.ts';
import { startCluster } from './support/harness.ts';

it('a configuration is the object that was given', () => {
  expect(defineKafkaConfig(ENOUGH)).toBe(ENOUGH);
  expect(() => new KafkaTransport(defineKafkaConfig(ENOUGH))).not.toThrow();
});

it.each<[string, object]>([
  ['an unknown option', { ...ENOUGH, lingerMs: 5 }],
  ['a wrong value', { ...ENOUGH, worker: 'true' }],
  ['options that exclude one another', { ...ENOUGH, idempotent: true, acks: 1 }],
])('a configuration with %s fails where it is written, as the constructor would', (_, options) => {
  const errorOf = (run: () => unknown): unknown => {
    try {
      return run();
    } catch (error) {
      return error;
    }
  };
  const error = errorOf(() => defineKafkaConfig(options as KafkaTransportOptions));
  expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', option: expect.any(String) });
  expect(error).toEqual(errorOf(() => new KafkaTransport(options as KafkaTransportOptions)));
});

it('a configuration connects to nothing, makes no directory, and has no listener on the process', async () => {
  const cluster = await startCluster();
  const listeners = process.eventNames().map((name) => process.listenerCount(name));
  defineKafkaConfig({
    topic: 'logs',
    kafka: { brokers: cluster.addresses },
    spool: { directory: '/proc/none' },
  });
  await new Promise(setImmediate);
  expect(cluster.connectionsEver).toBe(0);
  expect(process.eventNames().map((name) => process.listenerCount(name))).toEqual(listeners);
});
