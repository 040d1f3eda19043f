import zlib from 'node:zlib';
import { CompressionCodecs, CompressionTypes } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientBatch } from '../../sender/rig.ts';
import { CLIENTS, clientsThat, readableCodecs } from './clients.ts';
import { numbered, type Parts, readRecord, recordsOf, sentRecord } from './records.ts';
import { batchOf, CONTENTS, contractRig, resultOf } from './rig.ts';

const ATTRIBUTES_AT = 21;
const CODEC_MASK = 0x07;

const PARTS: readonly Parts[] = [
  ...numbered(50, 'many alike').map((text) => ({ text, headers: { 'x-service': 'billing' } })),
  { text: 'größer', key: 'Schlüssel', time: 1_700_000_000_123 },
];

const codecOf = ({ bytes }: { bytes: Buffer }): number => bytes.readInt16BE(ATTRIBUTES_AT) & CODEC_MASK;

describe.each(CLIENTS)('$name', (own) => {
  describe.each(readableCodecs(own))('with compression %s', (_name, compression) => {
    const rig = contractRig(own, { compression });

    it.each(CONTENTS)('delivers records as %s', async (_, contentOf) => {
      const client = await rig.connected();
      const topic = rig.newTopic();
      const content = contentOf(recordsOf(topic, PARTS));
      expect(await resultOf(client, clientBatch(topic, content, 0))).toEqual({ kind: 'delivered' });
      expect(rig.cluster.records(topic).map(readRecord)).toEqual(PARTS.map(sentRecord));
      expect(rig.cluster.batches(topic).map(codecOf)).toEqual([compression]);
    });
  });
});

describe.each(clientsThat('hasCompressionLevel'))('$name', (own) => {
  const codecs = readableCodecs(own).filter(([, type]) => type !== CompressionTypes.None);
  const rigs = codecs.map(([name, compression]) => {
    const at = (compressionLevel: number) => contractRig(own, { compression, compressionLevel });
    return [name, { low: at(1), high: at(9) }] as const;
  });

  it.each(rigs)('makes batches smaller with a higher level: %s', async (_name, { low, high }) => {
    const sizes: number[] = [];
    for (const rig of [low, high]) {
      const client = await rig.connected();
      const topic = rig.newTopic();
      const texts = numbered(2_000, 'a line of a log').map(
        (text, at) => `${text} ${Math.imul(at, 2_654_435_761)}`,
      );
      expect(await resultOf(client, batchOf(topic, texts))).toEqual({ kind: 'delivered' });
      expect(rig.cluster.values(topic)).toEqual(texts);
      sizes.push(rig.cluster.batches(topic)[0]?.bytes.length ?? 0);
    }
    expect(sizes[1]).toBeLessThan(Number(sizes[0]));
  });
});

/** What kafkajs makes a codec with (types/index.d.ts has `any`). */
interface Encoded {
  readonly buffer: Buffer;
}

type Compress = (bytes: Buffer) => Buffer;

// Node has it since 22.15: before that neither this spec nor the stand-in can use it.
const zstd = (zlib as { zstdCompressSync?: Compress }).zstdCompressSync;
const REGISTERED: readonly (readonly [name: string, codec: CompressionTypes, compress: Compress])[] = [
  ['gzip', CompressionTypes.GZIP, (bytes) => zlib.gzipSync(bytes, { level: 0 })],
  ...(zstd === undefined ? [] : [['zstd', CompressionTypes.ZSTD, zstd] as const]),
];

describe.each(REGISTERED)(
  'with a codec for %s that the application has registered',
  (_, compression, compress) => {
    const codecs = CompressionCodecs as Record<number, unknown>;
    const before = codecs[compression];
    const compressed: Buffer[] = [];
    let fail = false;

    beforeEach(() => {
      fail = false;
      compressed.length = 0;
      codecs[compression] = () => ({
        compress: async ({ buffer }: Encoded) => {
          if (fail) throw new Error('cannot compress');
          const bytes = compress(buffer);
          compressed.push(bytes);
          return bytes;
        },
      });
    });

    afterEach(() => {
      codecs[compression] = before;
    });

    describe.each(clientsThat('sharesCodecs'))('$name', (own) => {
      const rig = contractRig(own, { compression });

      it('sends what that makes of the records', async () => {
        const client = await rig.connected();
        const topic = rig.newTopic();
        const batch = clientBatch(topic, recordsOf(topic, PARTS), 0);
        expect(await resultOf(client, batch)).toEqual({ kind: 'delivered' });
        expect(rig.cluster.records(topic).map(readRecord)).toEqual(PARTS.map(sentRecord));
        const sent = rig.cluster.batches(topic).map(({ bytes }) => bytes.subarray(61).toString('latin1'));
        expect(sent).toEqual(compressed.map((bytes) => bytes.toString('latin1')));
      });

      it('takes an error of that for one of the records, sends nothing, and goes on', async () => {
        const client = await rig.connected();
        const topic = rig.newTopic();
        fail = true;
        expect(await resultOf(client, batchOf(topic, ['a']))).toMatchObject({
          kind: 'bisect',
          reason: 'rejected',
          certain: false,
        });
        fail = false;
        expect(await resultOf(client, batchOf(topic, ['b']))).toEqual({ kind: 'delivered' });
        expect(rig.cluster.values(topic)).toEqual(['b']);
      });
    });
  },
);
