// Responses written by hand, as the protocol says (https://kafka.apache.org/protocol#The_Messages_Produce).
import { expect, it } from 'vitest';
import { classifyError } from '../../lib/clients/send-result.ts';
import { ProtocolError, readProduceResponse } from '../../lib/protocol/produce-response.ts';

const int16 = (value: number): number[] => [(value >> 8) & 255, value & 255];
const int32 = (value: number): number[] => [...int16(value >> 16), ...int16(value)];
const int64 = (value: number): number[] => [...int32(value < 0 ? -1 : 0), ...int32(value)];
const string = (text: string): number[] => [...int16(text.length), ...Buffer.from(text)];
const compact = (text: string): number[] => [text.length + 1, ...Buffer.from(text)];

const FIXED = [...int32(5), ...int16(87), ...int64(1_000), ...int64(-1)];

const READ = { partition: 5, errorCode: 87, baseOffset: '1000', logAppendTime: '-1' };

it('reads version 3, which says least', () => {
  const payload = Buffer.from([...int32(1), ...string('logs'), ...int32(1), ...FIXED, ...int32(40)]);
  expect(readProduceResponse(payload, 3)).toEqual({
    topics: [{ topicName: 'logs', partitions: [{ ...READ, recordErrors: [], errorMessage: null }] }],
    throttleTimeMs: 40,
  });
});

it.each([5, 7])('reads the offset that the log begins with, in version %i', (version) => {
  const payload = Buffer.from([...int32(1), ...string('t'), ...int32(1), ...FIXED, ...int64(9), ...int32(0)]);
  const [topic] = readProduceResponse(payload, version).topics;
  expect(topic?.partitions).toEqual([{ ...READ, logStartOffset: '9', recordErrors: [], errorMessage: null }]);
});

it('reads which records are refused, in version 8', () => {
  const errors = [...int32(2), ...int32(3), ...string('too bad'), ...int32(4), ...int16(-1)];
  const payload = [
    ...int32(1),
    ...string('t'),
    ...int32(1),
    ...FIXED,
    ...int64(9),
    ...errors,
    ...string('why'),
  ];
  const [topic] = readProduceResponse(Buffer.from([...payload, ...int32(0)]), 8).topics;
  expect(topic?.partitions[0]).toEqual({
    ...READ,
    logStartOffset: '9',
    recordErrors: [
      { batchIndex: 3, message: 'too bad' },
      { batchIndex: 4, message: null },
    ],
    errorMessage: 'why',
  });
});

it.each([9, 10, 12])('reads version %i, and skips its tagged fields', (version) => {
  const leader = [1, 0, 9, ...int32(2), ...int32(8), 0];
  const errors = [2, ...int32(3), ...compact('bad'), 0];
  const partition = [...FIXED, ...int64(9), ...errors, 0, ...leader];
  const payload = [0, 2, ...compact('logs'), 2, ...partition, 0, ...int32(250), 0];
  expect(readProduceResponse(Buffer.from(payload), version)).toEqual({
    topics: [
      {
        topicName: 'logs',
        partitions: [
          {
            ...READ,
            logStartOffset: '9',
            recordErrors: [{ batchIndex: 3, message: 'bad' }],
            errorMessage: null,
          },
        ],
      },
    ],
    throttleTimeMs: 250,
  });
});

it('throws where the response ends before it should, and that is no fault of a record', () => {
  const payload = Buffer.from([...int32(1), ...string('logs'), ...int32(1), ...FIXED]);
  for (let length = 0; length < payload.length; length++)
    expect(() => readProduceResponse(payload.subarray(0, length), 8)).toThrow(ProtocolError);
  expect(classifyError(thrownBy(() => readProduceResponse(Buffer.alloc(3), 12)))).toMatchObject({
    kind: 'retry',
    client: 'fine',
  });
});

function thrownBy(fn: () => unknown): unknown {
  try {
    return fn();
  } catch (error) {
    return error;
  }
}
