import { promisify } from 'node:util';
import { zlib } from '../../util/node-modules.ts';
import { kafkajs } from './kafkajs.ts';

/** Kafka's compression codecs, by the names that Kafka's own producer has for them (`compression.type`), and their numbers. */
export const COMPRESSION_TYPES = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;

export type CompressionName = keyof typeof COMPRESSION_TYPES;

/** A codec as kafkajs has them in `CompressionCodecs`. */
export interface Codec {
  /** @param encoder has what is to be compressed as `buffer` */
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(buffer: Buffer): Promise<Buffer>;
}

type Zstd = (buffer: Buffer, options: object, done: (error: Error | null, result: Buffer) => void) => void;

/** From Node 22.15 on; @types/node of the oldest Node that is supported does not have them. */
interface ZstdOfNode {
  readonly zstdCompress?: Zstd;
  readonly zstdDecompress?: Zstd;
  readonly constants: { readonly ZSTD_c_compressionLevel?: number };
}

/** Node's own implementation of a codec, and the levels that it takes. */
interface OfNode {
  readonly levels: readonly [least: number, most: number];
  /** Nothing where this Node has none. */
  make(level?: number): Codec | undefined;
}

/** The codecs that Node has. Without one, a codec has to be registered with kafkajs. */
const OF_NODE: Readonly<Record<number, OfNode>> = {
  [COMPRESSION_TYPES.gzip]: { levels: [1, 9], make: gzipOfNode },
  [COMPRESSION_TYPES.zstd]: { levels: [1, 22], make: zstdOfNode },
};

/** The levels that `compressionLevel` may ask for; nothing where the codec takes none. */
export function levelsOf(type: number): readonly [least: number, most: number] | undefined {
  return OF_NODE[type]?.levels;
}

/** Whether there is a codec in each thread, whatever the application registers. */
export function isBuiltIn(type: number): boolean {
  return type === COMPRESSION_TYPES.none || OF_NODE[type]?.make() !== undefined;
}

/**
 * Whether this thread has a codec for a compression type. kafkajs is not loaded for those that it brings itself. For others it is, and
 * gets Node's codec where there is one: `codecOf`.
 */
export function hasCodec(type: number): boolean {
  return type <= COMPRESSION_TYPES.gzip || codecOf(type) !== undefined;
}

/**
 * The codec for a compression type: what kafkajs has, or the application has registered. Where there is none, Node's is
 * registered: kafkajs's own requests need it there, too.
 *
 * @param level with one it is Node's codec: those of kafkajs take none
 */
export function codecOf(type: number, level?: number): Codec | undefined {
  if (level !== undefined) return OF_NODE[type]?.make(level);
  const codecs = kafkajs().CompressionCodecs as Record<number, (() => Codec) | undefined>;
  try {
    // kafkajs has a function that throws for what it does not support.
    return codecs[type]?.();
  } catch {
    const codec = OF_NODE[type]?.make();
    if (codec !== undefined) codecs[type] = () => codec;
    return codec;
  }
}

function zstdOfNode(level?: number): Codec | undefined {
  const { zstdCompress, zstdDecompress, constants } = zlib() as unknown as ZstdOfNode;
  if (zstdCompress === undefined || zstdDecompress === undefined) return undefined;
  const params = level === undefined ? {} : { [constants.ZSTD_c_compressionLevel ?? Number.NaN]: level };
  const [compress, decompress] = [promisify(zstdCompress), promisify(zstdDecompress)];
  return {
    compress: ({ buffer }) => compress(buffer, { params }),
    decompress: (buffer) => decompress(buffer, {}),
  };
}

function gzipOfNode(level?: number): Codec {
  const { gzip, gunzip } = zlib();
  const compress = promisify<Buffer, object, Buffer>(gzip);
  return { compress: ({ buffer }) => compress(buffer, { level }), decompress: promisify(gunzip) };
}
