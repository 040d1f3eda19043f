import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { APIS, ERROR } from './apis.ts';
import { BrokerCluster } from './broker-cluster.ts';
import { FrameReader } from './frames.ts';
import { connectedProducer } from './kafkajs-client.ts';
import { readHeader, writeBaseOffset } from './record-batch.ts';
import { Encoder } from './wire.ts';

const require = createRequire(import.meta.url);

describe('clients that kafkajs is not', () => {
  let cluster: BrokerCluster;
  let socket: Socket;

  beforeEach(async () => {
    cluster = await BrokerCluster.start();
    socket = connect(Number(cluster.addresses[0]?.split(':')[1]), '127.0.0.1');
    await EventEmitter.once(socket, 'connect');
  });

  afterEach(async () => {
    socket.destroy();
    await cluster.stop();
  });

  const request = (key: number, version: number): Buffer => {
    const { buffer } = new Encoder().writeInt16(key).writeInt16(version).writeInt32(1).writeString('spec');
    return new Encoder().writeBytes(buffer).buffer;
  };

  it('get the advertised versions for an ApiVersions version from the future', async () => {
    socket.write(request(APIS.ApiVersions.key, 99));
    const [data] = await EventEmitter.once(socket, 'data');
    expect([data.readInt32BE(4), data.readInt16BE(8)]).toEqual([1, ERROR.UNSUPPORTED_VERSION]);
    expect(data.readInt32BE(10)).toBe(Object.keys(APIS).length);
  });

  it.each([
    ['a version that is not advertised', request(APIS.Metadata.key, 99)],
    ['an API that is not there', request(999, 0)],
    ['something else than Kafka', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ])('are disconnected for %s', async (_name, bytes) => {
    socket.write(bytes);
    await EventEmitter.once(socket, 'close');
  });
});

describe('a Fetch', () => {
  const fetchRequest = require('kafkajs/src/protocol/requests/fetch/v4/request');
  const fetchResponse = require('kafkajs/src/protocol/requests/fetch/v4/response');

  it('waits for the first append, then gives all batches of all partitions', async () => {
    const cluster = await BrokerCluster.start({ topics: { logs: 2 } });
    const producer = await connectedProducer(cluster);
    const send = (partition: number, value: string): Promise<unknown> =>
      producer.send({ topic: 'logs', messages: [{ partition, value }] });
    const socket = connect(Number(cluster.addresses[0]?.split(':')[1]), '127.0.0.1');
    const fetch = async (): Promise<unknown[]> => {
      const partitions = [0, 1].map((partition) => ({ partition, fetchOffset: 0, maxBytes: 1_000_000 }));
      const limits = { replicaId: -1, maxWaitTime: 60_000, minBytes: 1, maxBytes: 1_000_000 };
      const request = fetchRequest({ ...limits, topics: [{ topic: 'logs', partitions }] });
      const header = new Encoder().writeInt16(1).writeInt16(4).writeInt32(1).writeString('spec');
      socket.write(new Encoder().writeBytes(header.writeEncoder(await request.encode()).buffer).buffer);
      const [data] = await EventEmitter.once(socket, 'data');
      const { responses } = await fetchResponse.decode(data.subarray(8));
      expect(responses).toHaveLength(1);
      return responses[0].partitions.map(({ messages }: { messages: { value: Buffer }[] }) =>
        messages.map(({ value }) => `${value}`),
      );
    };

    const waiting = fetch();
    await cluster.until(() => cluster.requests.Fetch === 1);
    await send(0, 'a');
    expect(await waiting).toEqual([['a'], []]);
    await send(0, 'b');
    await send(1, 'c');
    expect(await fetch()).toEqual([['a', 'b'], ['c']]);
    socket.destroy();
    await producer.disconnect();
    await cluster.stop();
  });
});

describe('frames', () => {
  it('are found however the bytes arrive', () => {
    const stream = Buffer.concat([
      Buffer.from([0, 0, 0, 3, 1, 2, 3]),
      Buffer.from([0, 0, 0, 0, 0, 0, 0, 1, 9]),
    ]);
    for (let size = 1; size <= stream.length; size += 1) {
      const reader = new FrameReader();
      const frames: Buffer[] = [];
      for (let at = 0; at < stream.length; at += size)
        frames.push(...reader.push(stream.subarray(at, at + size)));
      expect(frames.map((frame) => [...frame])).toEqual([[1, 2, 3], [], [9]]);
    }
  });
});

describe('record batches', () => {
  const encode = require('kafkajs/src/protocol/recordBatch/v0').RecordBatch;
  const record = require('kafkajs/src/protocol/recordBatch/record/v0');

  async function batch(change: (bytes: Buffer) => void, lastOffsetDelta = 1): Promise<Buffer> {
    const records = [record({ value: 'a' }), record({ value: 'b', offsetDelta: 1 })];
    const options = {
      records,
      lastOffsetDelta,
      producerId: 1234567890123,
      producerEpoch: 4,
      firstSequence: 9,
    };
    const { buffer } = await encode(options);
    change(buffer);
    return buffer;
  }

  it('give their header', async () => {
    const header = readHeader(await batch(() => undefined));
    expect(header).toEqual({ records: 2, producerId: 1234567890123n, producerEpoch: 4, baseSequence: 9 });
  });

  it('may get another base offset without a new checksum', async () => {
    expect(readHeader(await batch((bytes) => writeBaseOffset(bytes, 77)))).toMatchObject({ records: 2 });
  });

  it('are refused when they are damaged', async () => {
    expect(readHeader(Buffer.alloc(20))).toBe(ERROR.CORRUPT_MESSAGE);
    expect(readHeader((await batch(() => undefined)).subarray(0, -1))).toBe(ERROR.CORRUPT_MESSAGE);
    expect(readHeader(await batch((bytes) => bytes.writeInt8(99, bytes.length - 1)))).toBe(
      ERROR.CORRUPT_MESSAGE,
    );
  });

  it('are refused in another format, or with a wrong count', async () => {
    expect(readHeader(await batch((bytes) => bytes.writeInt8(1, 16)))).toBe(ERROR.INVALID_RECORD);
    expect(readHeader(await batch(() => undefined, 5))).toBe(ERROR.INVALID_RECORD);
  });
});
