import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../lib/accumulator/batch.ts';
import { UnwrittenSends } from '../../../lib/clients/kafkajs/unwritten-sends.ts';
import { PRODUCE_API_KEY, produceRequestBody } from '../../../lib/protocol/produce-request.ts';
import { clientBatch } from '../../sender/rig.ts';

const METADATA_API_KEY = 3;

interface RequestParts {
  readonly version?: number;
  readonly api?: number;
  readonly topic?: string;
  readonly partition?: number;
  readonly clientId?: string | null;
  /** Changes the body. */
  readonly spoil?: (body: Buffer) => void;
}

/** A whole request, as kafkajs writes it. */
function requestOf({
  version = 9,
  api = PRODUCE_API_KEY,
  topic = 'logs',
  partition = 0,
  clientId = 'the client',
  spoil,
}: RequestParts = {}): Buffer {
  const id = clientId === null ? [255, 255] : [0, clientId.length, ...Buffer.from(clientId)];
  const of = { version, acks: -1, timeoutMs: 1_000, topic, partition, batch: Buffer.from('the batch') };
  const whole = Buffer.concat(produceRequestBody(of));
  // Before version 3 there is no transactional id.
  const body = version < 3 ? whole.subarray(2) : whole;
  spoil?.(body);
  const request = Buffer.concat([Buffer.from([0, 0, 0, 0, 0, api, 0, version, 0, 0, 0, 1, ...id]), body]);
  request.writeInt32BE(request.length - 4, 0);
  return request;
}

const batchOf = (topic = 'logs', partition: number | undefined = 0): Batch =>
  clientBatch(topic, [], partition);

/** Sends that have begun, and a socket that is watched. */
function rig(...batches: Batch[]) {
  const sends = new UnwrittenSends();
  for (const batch of batches) sends.begin(batch);
  const written: unknown[][] = [];
  const socket = {
    write(...args: unknown[]): boolean {
      expect(this).toBe(socket);
      written.push(args);
      return false;
    },
  } as unknown as Socket;
  sends.watch(socket);
  return { sends, socket, written, areUnwritten: () => batches.map((batch) => sends.end(batch)) };
}

it('a send of which nothing was written is unwritten when it ends, and only then', () => {
  const batch = batchOf();
  const { sends } = rig(batch);
  expect([sends.end(batch), sends.end(batch), sends.end(batchOf())]).toEqual([true, false, false]);
});

it.each([2, 3, 8, 9, 12])('a send whose request was written, in version %i, is not', (version) => {
  const { socket, areUnwritten } = rig(batchOf('logs', 1), batchOf());
  socket.write(requestOf({ version }));
  expect(areUnwritten()).toEqual([true, false]);
});

it.each<[string, string | null]>([
  ['none', null],
  ['empty', ''],
  ['long', 'x'.repeat(200)],
])('a request is read where the id of the client is %s', (_name, clientId) => {
  const { socket, areUnwritten } = rig(batchOf('logs', 1), batchOf());
  socket.write(requestOf({ clientId }));
  expect(areUnwritten()).toEqual([true, false]);
});

it.each<[string, Batch, boolean]>([
  ['one of the same partition is written', batchOf('logs', 7), false],
  ['one of another partition is unwritten', batchOf('logs', 8), true],
  ['one of another topic is unwritten', batchOf('audit', 7), true],
  ['one whose partition the client chooses is written', { ...batchOf(), partition: undefined }, false],
])('of the sends that are under way at a request, %s', (_name, batch, isUnwritten) => {
  const { socket, areUnwritten } = rig(batch);
  socket.write(requestOf({ topic: 'logs', partition: 7 }));
  expect(areUnwritten()).toEqual([isUnwritten]);
});

it('of several sends of one topic, only that of the partition is written', () => {
  const { sends, socket, areUnwritten } = rig(batchOf('logs', 0), batchOf('logs', 1), batchOf('logs', 2));
  socket.write(requestOf({ partition: 1 }));
  expect(areUnwritten()).toEqual([true, false, true]);
  expect(sends.end(batchOf())).toBe(false);
});

it('a send that begins after the request is unwritten', () => {
  const { sends, socket } = rig();
  socket.write(requestOf());
  const batch = batchOf();
  sends.begin(batch);
  expect(sends.end(batch)).toBe(true);
});

it('what is written is passed on as it is, with what the socket answers', () => {
  const { socket, written } = rig(batchOf());
  const [request, callback] = [requestOf(), () => undefined];
  expect(socket.write(request, 'utf8', callback)).toBe(false);
  expect(written).toEqual([[request, 'utf8', callback]]);
  expect(written[0]?.[0]).toBe(request);
});

describe('no send is written by', () => {
  it.each<[string, string | Buffer]>([
    ['another request', requestOf({ api: METADATA_API_KEY })],
    ['a text', requestOf().toString('latin1')],
    ['less than the head of a request', requestOf().subarray(0, 11)],
    ['next to nothing', Buffer.from([0])],
  ])('%s', (_name, chunk) => {
    const { socket, areUnwritten } = rig(batchOf());
    socket.write(chunk);
    expect(areUnwritten()).toEqual([true]);
  });
});

describe('any send may have been written by', () => {
  // Where the number of topics stands, and that of partitions behind the name.
  const [TOPICS, PARTITIONS] = [8, 9 + 'logs'.length + 1];

  it.each<[string, Buffer]>([
    ['a request that ends too early', requestOf().subarray(0, 30)],
    ['nothing but the head of one', requestOf().subarray(0, 12)],
    ['one of several topics', requestOf({ spoil: (body) => body.writeUInt8(3, TOPICS) })],
    ['one of several partitions', requestOf({ spoil: (body) => body.writeUInt8(3, PARTITIONS) })],
    [
      'one whose topic has no name',
      requestOf({ topic: '\u0002', spoil: (body) => body.writeUInt8(0, TOPICS + 1) }),
    ],
  ])('%s', (_name, chunk) => {
    const { socket, areUnwritten } = rig(batchOf('logs'), batchOf('audit', 3));
    socket.write(chunk);
    expect(areUnwritten()).toEqual([false, false]);
  });
});
