// What the caller does with the options afterwards is of no consequence.
import { describe, expect, it } from 'vitest';
import { KafkaTransport, type KafkaTransportOptions } from '../../lib/index.ts';
import { loggerWith, startCluster, TOPIC, tracked } from '../support/harness.ts';
import { infoOf } from '../winston/fixtures/infos.ts';

function deepFrozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFrozen(inner);
    Object.freeze(value);
  }
  return value;
}

describe('the options object', () => {
  it('is not written to', async () => {
    const cluster = await startCluster();
    const options = deepFrozen<KafkaTransportOptions>({
      topic: TOPIC,
      kafka: { brokers: cluster.addresses, ssl: false },
      batch: { lingerMs: 1 },
      buffer: {},
      retry: {},
      clientLog: { level: 'nothing' },
      filter: { '': true },
    });
    const transport = tracked(new KafkaTransport(options));
    loggerWith(transport).info('a');
    await new Promise(setImmediate);
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(['a']);
  });

  it('is not read again: what is changed in it later does nothing', async () => {
    const cluster = await startCluster();
    const filter: Record<string, boolean> = { '': true };
    const options = {
      topic: TOPIC,
      kafka: { brokers: [...cluster.addresses], clientId: 'before' },
      batch: { lingerMs: 1, maxRecords: 500 },
      buffer: { maxRecords: 10 },
      retry: { initialMs: 1, maxMs: 5 },
      clientLog: { level: 'nothing' as 'nothing' | 'debug' },
      filter,
      level: 'info',
    };
    const transport = tracked(new KafkaTransport(options));
    options.topic = 'elsewhere';
    options.kafka.clientId = 'after';
    options.kafka.brokers.splice(0, 1, '127.0.0.1:1');
    options.batch.lingerMs = 60_000;
    options.batch.maxRecords = 1;
    options.buffer.maxRecords = 1;
    options.clientLog.level = 'debug';
    options.level = 'error';
    filter[''] = false;
    const clientIds = new Set<string | null>();
    cluster.on('request', ({ clientId }) => clientIds.add(clientId));
    for (const message of ['a', 'b', 'c']) transport.write(infoOf(message));
    // Not flushed: it is the linger of before that counts.
    await cluster.until(() => cluster.count(TOPIC) === 3);
    expect(cluster.values(TOPIC)).toEqual(['a', 'b', 'c']);
    expect(transport.stats().sends).toBe(1);
    expect([...clientIds]).toEqual(['before']);
  });

  it('keeps its brokers to itself when the caller changes the list before the first connection', async () => {
    const cluster = await startCluster();
    const brokers = [...cluster.addresses];
    const transport = tracked(new KafkaTransport({ topic: TOPIC, kafka: { brokers } }));
    brokers.length = 0;
    transport.write(infoOf('a'));
    expect(await transport.flush()).toMatchObject({ delivered: 1 });
  });
});
