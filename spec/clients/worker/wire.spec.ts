// What goes from thread to thread, by the same algorithm that a message port uses.
import { describe, expect, it } from 'vitest';
import { classifyError } from '../../../lib/clients/send-result.ts';
import { fromWire, toWire } from '../../../lib/clients/worker/wire-error.ts';
import {
  pagesFromWire,
  pagesToWire,
  recordsFromWire,
  recordsToWire,
} from '../../../lib/clients/worker/wire-records.ts';
import { PendingRecord } from '../../../lib/record/record.ts';
import { deepQueue, recordOf } from '../../sender/rig.ts';

const overTheWire = (error: unknown): Error => fromWire(structuredClone(toWire(error)));

const contentOf = ({ topic, text, time, key, seq, bytes, requestedPartition }: PendingRecord): object => ({
  ...{ topic, text, time, key, seq, bytes, requestedPartition },
});

describe('an error', () => {
  it('keeps all that it is judged by, and so do its causes', () => {
    const broker = Object.assign(new Error('too large'), {
      name: 'KafkaJSProtocolError',
      type: 'MESSAGE_TOO_LARGE',
      code: 10,
    });
    const wrapped = Object.assign(new Error('gave up', { cause: broker }), {
      name: 'KafkaJSNumberOfRetriesExceeded',
    });
    const arrived = overTheWire(wrapped);
    expect(arrived).toMatchObject({
      name: 'KafkaJSNumberOfRetriesExceeded',
      message: 'gave up',
      stack: wrapped.stack,
      cause: { name: 'KafkaJSProtocolError', message: 'too large', type: 'MESSAGE_TOO_LARGE', code: 10 },
    });
    expect(classifyError(arrived)).toMatchObject({ kind: 'bisect', reason: 'oversize' });
  });

  it('may be anything that can be thrown', () => {
    const circle = new Error('round');
    circle.cause = circle;
    const hostile = new Proxy(new Error('never read'), {
      get: () => {
        throw new Error('no');
      },
    });
    expect(overTheWire('a text').message).toBe('a text');
    expect(overTheWire(undefined).message).toBe('undefined');
    expect(overTheWire({ code: 5, name: 7 })).toMatchObject({ name: 'Error', code: 5 });
    expect(overTheWire(circle).message).toBe('round');
    expect(overTheWire(hostile).message).toBe('an error that cannot be shown as text');
  });
});

describe('records', () => {
  const records = [
    new PendingRecord({
      topic: 't',
      level: 'info',
      severity: 2,
      time: 11,
      text: 'ü',
      key: 'a key',
      headers: { name: 'text', ['__proto__']: Buffer.from('odd') },
      requestedPartition: 5,
    }),
    new PendingRecord({
      topic: 't',
      level: 'info',
      severity: 2,
      time: 12,
      text: 'two',
      key: Buffer.from('bytes'),
    }),
    new PendingRecord({ topic: 't', level: 'info', severity: 2, time: 13, text: 'three', key: null }),
  ];
  for (const [at, record] of records.entries()) record.seq = 100 + at;

  it('arrive with all that goes to Kafka, Buffers as Buffers', () => {
    const arrived = recordsFromWire('t', structuredClone(recordsToWire(records)));
    expect(arrived.map(contentOf)).toEqual(records.map(contentOf));
    expect(Object.entries(arrived[0]?.headers ?? {})).toEqual(Object.entries(records[0]?.headers ?? {}));
    expect(Buffer.isBuffer(arrived[1]?.key)).toBe(true);
    expect(arrived[1]?.headers).toBeUndefined();
  });

  it('that stand in pages arrive as they are, and nothing of those around them', () => {
    const queue = deepQueue();
    for (const record of [recordOf({ text: 'before' }), ...records, recordOf({ text: 'after' })])
      queue.push(record);
    queue.takePacked({ most: 1, maxBytes: 1_000 });
    const taken = queue.takePacked({ most: records.length, maxBytes: 1_000 });
    if (taken === undefined) throw new Error('they are packed');
    const wire = pagesToWire(taken);
    const arrived = pagesFromWire(structuredClone(wire, { transfer: wire.map(({ memory }) => memory) }));
    const shown = ({ text, time, key, headers, seq, bytes }: PendingRecord) => ({
      ...{ text, time, key, seq, bytes },
      headers: Object.entries(headers ?? {}),
    });
    expect(arrived.toObjects().map(shown)).toEqual(records.map(shown));
    expect([arrived.count, arrived.bytes]).toEqual([taken.count, taken.bytes]);
    expect(Buffer.isBuffer(arrived.toObjects()[1]?.key)).toBe(true);
    for (const { memory } of wire) expect(memory.byteLength).toBe(0);
  });

  it('carry no lists of keys and headers where there are none', () => {
    expect(Object.keys(recordsToWire(records.slice(2)))).toEqual(['texts', 'times', 'seqs']);
  });
});
