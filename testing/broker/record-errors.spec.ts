import zlib from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BrokerCluster, ERROR } from './broker-cluster.ts';
import { RawClient } from './raw-produce.ts';
import { type RawBatchOptions, type RawRecord, recordBatch } from './raw-record-batch.ts';

describe('batches that the stand-in refuses', () => {
  let cluster: BrokerCluster;
  let client: RawClient;

  beforeEach(async () => {
    cluster = await BrokerCluster.start({ topics: { logs: 2 } });
    client = await RawClient.connect(cluster.addresses[0]);
  });

  afterEach(async () => {
    client.close();
    await cluster.stop();
  });

  describe('for single records', () => {
    const batch = recordBatch(['good', 'bad 1', 'good', 'bad 2']);
    const refuseBad = (error: number): void =>
      cluster.configureTopic('logs', { refuses: ({ value }) => (`${value}`.startsWith('bad') ? error : 0) });

    it.each([8, 9, 12])('version %i names their indexes and says why', async (version) => {
      refuseBad(ERROR.INVALID_RECORD);
      const answer = await client.produce(version, 'logs', { 0: batch, 1: recordBatch(['good']) });
      expect(answer.partitions).toMatchObject([
        {
          errorCode: ERROR.INVALID_RECORD,
          baseOffset: -1,
          recordErrors: [
            [1, 'Record 1 was refused by the stand-in'],
            [3, 'Record 3 was refused by the stand-in'],
          ],
          errorMessage: 'One or more records have been rejected due to 2 record errors in total',
        },
        { errorCode: ERROR.NONE, recordErrors: [], errorMessage: null },
      ]);
      expect(cluster.values('logs')).toEqual(['good']);
    });

    it('version 7 gets the error code alone', async () => {
      refuseBad(ERROR.INVALID_TIMESTAMP);
      const { partitions } = await client.produce(7, 'logs', { 0: batch });
      expect(partitions).toEqual([
        { partition: 0, errorCode: ERROR.INVALID_TIMESTAMP, baseOffset: -1, logStartOffset: 0 },
      ]);
    });

    it('with a message of its own, or without one', async () => {
      cluster.configureTopic('logs', {
        refuses: ({ value, offset }) =>
          offset === 0 ? 0 : { error: ERROR.INVALID_RECORD, message: offset === 1 ? null : `not ${value}` },
      });
      const { partitions } = await client.produce(12, 'logs', { 0: batch });
      expect(partitions[0]?.recordErrors).toEqual([
        [1, null],
        [2, 'not good'],
        [3, 'not bad 2'],
      ]);
    });

    it('a wrong time among other refusals decides the error code, as in Kafka', async () => {
      cluster.configureTopic('logs', {
        refuses: ({ offset }) => [ERROR.INVALID_RECORD, 0, ERROR.INVALID_TIMESTAMP][offset],
      });
      const { partitions } = await client.produce(8, 'logs', { 0: batch });
      expect(partitions[0]).toMatchObject({
        errorCode: ERROR.INVALID_TIMESTAMP,
        errorMessage: 'One or more records have been rejected due to invalid timestamp',
      });
      expect(partitions[0]?.recordErrors?.map(([index]) => index)).toEqual([0, 2]);
    });

    it('in a gzip batch', async () => {
      refuseBad(ERROR.INVALID_RECORD);
      const { partitions } = await client.produce(9, 'logs', {
        0: recordBatch(['a', 'bad'], { attributes: 1 }),
      });
      expect(partitions[0]?.recordErrors).toMatchObject([[1, expect.any(String)]]);
    });

    it('without a key, in a compacted topic', async () => {
      cluster.configureTopic('logs', { isCompacted: true });
      const records = [{ value: 'a', key: 'k' }, { value: 'b' }];
      const { partitions } = await client.produce(9, 'logs', { 0: recordBatch(records) });
      expect(partitions[0]).toMatchObject({
        errorCode: ERROR.INVALID_RECORD,
        recordErrors: [[1, 'Compacted topic cannot accept message without key in topic partition logs-0']],
      });
    });

    it('with a time that is too old or ahead', async () => {
      cluster.configureTopic('logs', { timestampBeforeMaxMs: 3_600_000, timestampAfterMaxMs: 3_600_000 });
      const now = Date.now();
      const times = [now, now - 4_000_000, now + 4_000_000, now - 10];
      const records = times.map((timestamp) => ({ value: 'v', timestamp }));
      const { partitions } = await client.produce(10, 'logs', { 0: recordBatch(records) });
      expect(partitions[0]).toMatchObject({
        errorCode: ERROR.INVALID_TIMESTAMP,
        recordErrors: [
          [1, expect.stringContaining(`Timestamp ${now - 4_000_000} `)],
          [2, expect.stringContaining(`Timestamp ${now + 4_000_000} `)],
        ],
      });
    });

    it('not, where a fault refuses the whole batch', async () => {
      cluster.inject({ api: 'Produce', action: { error: ERROR.INVALID_RECORD } });
      const { partitions } = await client.produce(12, 'logs', { 0: batch });
      expect(partitions).toMatchObject([
        { errorCode: ERROR.INVALID_RECORD, recordErrors: [], errorMessage: null },
      ]);
    });
  });

  const IDEMPOTENT = { producerId: 5, producerEpoch: 0, baseSequence: 0 };

  it.each<[string, number, (string | RawRecord)[], RawBatchOptions]>([
    ['a wrong checksum', ERROR.CORRUPT_MESSAGE, ['a'], { crcOff: 1 }],
    ['a length of one byte more', ERROR.CORRUPT_MESSAGE, ['a'], { lengthOff: 1 }],
    ['a length of one byte less', ERROR.CORRUPT_MESSAGE, ['a'], { lengthOff: -1 }],
    ['a last offset that is not the last', ERROR.INVALID_RECORD, ['a', 'b'], { lastOffsetDelta: 2 }],
    ['no records', ERROR.INVALID_RECORD, [], {}],
    ['more records than it says', ERROR.INVALID_RECORD, ['a', 'b'], { records: 1, lastOffsetDelta: 0 }],
    ['fewer records than it says', ERROR.INVALID_RECORD, ['a', 'b'], { records: 3, lastOffsetDelta: 2 }],
    ['a record that is longer than it says', ERROR.INVALID_RECORD, [{ value: 'a', lengthOff: -1 }, 'b'], {}],
    ['a record that is shorter than it says', ERROR.INVALID_RECORD, [{ value: 'a', lengthOff: 1 }, 'b'], {}],
    ['a last record that is too long', ERROR.INVALID_RECORD, [{ value: 'a', lengthOff: 1 }], {}],
    ['an offset twice', ERROR.INVALID_RECORD, ['a', { value: 'b', offsetDelta: 0 }], {}],
    ['a producer id without a sequence', ERROR.INVALID_RECORD, ['a'], { ...IDEMPOTENT, baseSequence: -1 }],
    ['a producer id without an epoch', ERROR.INVALID_RECORD, ['a'], { ...IDEMPOTENT, producerEpoch: -1 }],
    ['control records', ERROR.INVALID_RECORD, ['a'], { attributes: 0x20 }],
    ['gzip that is none', ERROR.INVALID_RECORD, ['a'], { attributes: 1, compress: (bytes) => bytes }],
    [
      'gzip with more records than it says',
      ERROR.INVALID_RECORD,
      ['a', 'b'],
      { attributes: 1, records: 1, lastOffsetDelta: 0 },
    ],
    ['snappy', ERROR.UNSUPPORTED_COMPRESSION_TYPE, ['a'], { attributes: 2 }],
    ['lz4', ERROR.UNSUPPORTED_COMPRESSION_TYPE, ['a'], { attributes: 3 }],
    ['a codec that Kafka does not have', ERROR.UNSUPPORTED_COMPRESSION_TYPE, ['a'], { attributes: 5 }],
  ])('for %s: error %i', async (_, errorCode, records, options) => {
    const { partitions } = await client.produce(9, 'logs', { 0: recordBatch(records, options) });
    expect(partitions).toMatchObject([{ errorCode, baseOffset: -1, recordErrors: [] }]);
    expect(cluster.count('logs')).toBe(0);
  });

  it('unless Node can read zstd: a zstd batch', async () => {
    const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Buffer) => Buffer };
    const compress = zstdCompressSync ?? ((bytes: Buffer): Buffer => bytes);
    const batch = recordBatch(['a', 'b'], { attributes: 4, compress });
    const { partitions } = await client.produce(9, 'logs', { 0: batch });
    const errorCode = zstdCompressSync === undefined ? ERROR.UNSUPPORTED_COMPRESSION_TYPE : ERROR.NONE;
    expect(partitions).toMatchObject([{ errorCode }]);
    expect(cluster.values('logs')).toEqual(zstdCompressSync === undefined ? [] : ['a', 'b']);
  });
});
