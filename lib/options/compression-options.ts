import type { CompressionTypes } from 'kafkajs';
import {
  COMPRESSION_TYPES,
  type CompressionName,
  hasCodec,
  isBuiltIn,
  levelsOf,
} from '../clients/kafkajs/codecs.ts';
import { integer, stringHint, throwInvalidOption } from '../util/check-option.ts';

/** A codec that kafkajs does not have would have every record rejected, one by one, at the first send. */
export function checkedCompression(
  path: string,
  compression: unknown,
  { kafkaModule, worker, client }: Record<string, unknown>,
): CompressionTypes | undefined {
  if (compression === undefined) return undefined;
  const type = compressionType(path, compression);
  // A module registers its codecs in the worker, where they are looked for when it connects. @platformatic/kafka has all of them.
  if (kafkaModule !== undefined || client !== undefined) return type;
  const isThere = worker === true ? isBuiltIn(type) : hasCodec(type);
  if (isThere) return type;
  const where =
    worker === true
      ? 'register one in a "kafkaModule": what this thread has registered the worker does not have'
      : 'register one in CompressionCodecs before you make the transport';
  const builtIn = `a type that there is a codec for: 'none', 'gzip', and 'zstd' from Node 22.15 on; for others, ${where}`;
  return throwInvalidOption(path, builtIn, compression);
}

/** After the type, which has a level or has none. */
export function checkedCompressionLevel(
  path: string,
  level: unknown,
  { compression, producer, client, fastPath }: Record<string, unknown>,
): number | undefined {
  if (level === undefined) return undefined;
  if (producer !== undefined || client !== undefined || fastPath === false)
    throwInvalidOption(
      path,
      "left out without the fast path: only the transport's own batches have it",
      level,
    );
  const type =
    compression === undefined ? COMPRESSION_TYPES.none : compressionType('compression', compression);
  const range = levelsOf(type);
  if (range === undefined)
    throwInvalidOption(path, "left out without compression: 'gzip' or 'zstd', which have one", level);
  return integer(path, level, range[0], ...range);
}

/** By its name, or its number in kafkajs's `CompressionTypes`. */
function compressionType(path: string, given: unknown): CompressionTypes {
  const names = Object.keys(COMPRESSION_TYPES) as CompressionName[];
  const name = names.find((each) => each === given || COMPRESSION_TYPES[each] === given);
  if (name === undefined)
    throwInvalidOption(
      path,
      `${names.map((each) => `'${each}'`).join(' or ')}, or one of kafkajs's CompressionTypes${stringHint(given)}`,
      given,
    );
  return COMPRESSION_TYPES[name];
}
