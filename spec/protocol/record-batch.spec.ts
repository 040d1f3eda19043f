// A record batch, byte by byte as kafkajs's own encoder writes it but for the leader's epoch, which is outside the checksum.
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { NO_PRODUCER, type ProducerIdentity, recordBatchOf } from '../../lib/protocol/record-batch.ts';
import {
  type EncodedRecords,
  RECORD_BATCH_HEADER_BYTES,
  RecordsEncoder,
} from '../../lib/protocol/records-encoder.ts';
import { decodeBatch, readHeader } from '../../testing/broker/record-batch.ts';

const require = createRequire(import.meta.url);
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js') as {
  RecordBatch(options: object): Promise<{ buffer: Buffer }>;
};
const kafkajsRecord = require('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (
  record: object,
) => unknown;

const PRODUCER: ProducerIdentity = { producerId: 2n ** 40n, producerEpoch: 3, firstSequence: 77 };
const TEXTS = ['one', 'zwei ä', ''];
const BASE = 1_700_000_000_000;

function records(): EncodedRecords {
  const encoder = new RecordsEncoder(TEXTS.length, 10);
  for (const [at, text] of TEXTS.entries()) encoder.addText(BASE + at, `key ${at}`, text, { at: String(at) });
  return encoder.finish();
}

async function byKafkajs(producer: ProducerIdentity): Promise<Buffer> {
  const batch = await RecordBatch({
    ...producer,
    producerId: String(producer.producerId),
    firstTimestamp: BASE,
    maxTimestamp: BASE + 2,
    lastOffsetDelta: 2,
    records: TEXTS.map((value, at) =>
      kafkajsRecord({
        offsetDelta: at,
        timestampDelta: at,
        key: `key ${at}`,
        value,
        headers: { at: String(at) },
      }),
    ),
  });
  // kafkajs writes 0 for "not known", Kafka's own producer -1.
  batch.buffer.writeInt32BE(-1, 12);
  return batch.buffer;
}

it.each([
  ['an idempotent producer', PRODUCER, PRODUCER],
  ['no such producer', NO_PRODUCER, { producerId: -1n, producerEpoch: -1, firstSequence: -1 }],
])('is what kafkajs writes, for %s', async (_name, producer, given) => {
  expect(recordBatchOf(records(), producer)).toEqual(await byKafkajs(given));
});

it('has the codec among its attributes, and the records as the codec has made them', () => {
  const plain = records();
  const compressed = gzipSync(plain.bytes.subarray(RECORD_BATCH_HEADER_BYTES));
  const bytes = recordBatchOf(plain, NO_PRODUCER, 1, compressed);
  expect(bytes.subarray(RECORD_BATCH_HEADER_BYTES).equals(compressed)).toBe(true);
  expect(readHeader(bytes)).toMatchObject({ records: 3 });
  const batch = { topic: 't', partition: 0, baseOffset: 0, records: 3, bytes, appendedAt: 0 };
  expect(decodeBatch(batch).map(({ value }) => value.toString())).toEqual(TEXTS);
});

it('is none where the codec has made nothing: its records would be sent as they are, and said to be compressed', () => {
  expect(() => recordBatchOf(records(), NO_PRODUCER, 1, undefined)).toThrow(TypeError);
});
