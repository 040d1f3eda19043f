// The body of a Produce request, byte by byte: the old form as kafkajs writes it, the flexible one by hand.
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import {
  type ProduceRequest,
  produceRequestBody,
  produceVersion,
} from '../../lib/protocol/produce-request.ts';

const Encoder = createRequire(import.meta.url)('kafkajs/src/protocol/encoder.js');

/** In one piece. */
const bodyOf = (request: ProduceRequest): Buffer => Buffer.concat(produceRequestBody(request));

const REQUEST = { acks: -1, timeoutMs: 30_000, topic: 'lögs', partition: 7, batch: Buffer.from('the batch') };

it.each([3, 5, 7, 8])('is written as kafkajs writes it, in version %i', (version) => {
  const partition = new Encoder()
    .writeInt32(7)
    .writeInt32(9)
    .writeEncoder({ buf: REQUEST.batch, buffer: REQUEST.batch });
  const topic = new Encoder().writeString('lögs').writeArray([partition]);
  const expected = new Encoder()
    .writeString(null)
    .writeInt16(-1)
    .writeInt32(30_000)
    .writeArray([topic]).buffer;
  expect(bodyOf({ ...REQUEST, version })).toEqual(expected);
});

it.each([9, 10, 11, 12])('has lengths of variable length and tagged fields in version %i', (version) => {
  const expected = [
    // Tagged fields of the request's header.
    0,
    // No transactional id, acks, timeout.
    ...[0, 255, 255, 0, 0, 117, 48],
    // One topic, its name.
    ...[2, 6, ...Buffer.from('lögs')],
    // One partition, its number, the batch.
    ...[2, 0, 0, 0, 7, 10, ...REQUEST.batch],
    // Tagged fields of the partition, the topic and the request.
    ...[0, 0, 0],
  ];
  expect([...bodyOf({ ...REQUEST, version })]).toEqual(expected);
});

it.each([3, 12])('does not copy the batch, in version %i', (version) => {
  expect(produceRequestBody({ ...REQUEST, version })).toContain(REQUEST.batch);
});

it('writes lengths of more than one byte', () => {
  const topic = 't'.repeat(249);
  const body = bodyOf({ ...REQUEST, topic, batch: Buffer.alloc(200, 1), version: 12 });
  expect([...body.subarray(8, 12)]).toEqual([2, 250, 1, 't'.charCodeAt(0)]);
  expect([...body.subarray(-205, -203)]).toEqual([201, 1]);
});

it.each([
  [{ minVersion: 0, maxVersion: 7 }, 7],
  [{ minVersion: 3, maxVersion: 3 }, 3],
  [{ minVersion: 0, maxVersion: 2 }, undefined],
  [{ minVersion: 9, maxVersion: 20 }, 12],
  [{ minVersion: 12, maxVersion: 12 }, 12],
  [{ minVersion: 13, maxVersion: 13 }, undefined],
  [undefined, undefined],
])('takes the newest version that both sides speak: of %j, %s', (broker, version) => {
  expect(produceVersion(broker)).toBe(version);
});
