import type { Info } from '../../util/info.ts';
import type { RecordHeaders } from '../record.ts';

/** The header that counts how many times a line has been sent to Kafka, this time included. */
const HOPS_HEADER = 'log-hops';

/** How many topics a line may pass through on purpose (collected here, enriched there). With more hops, it is in a loop. */
const MAX_HOPS = 5;

// A symbol: formats and transports don't show it, and it is copied with the rest of the metadata.
const HOPS = Symbol.for('winston-kafkajs.hops');

/** Headers as a kafkajs consumer has them. */
type ConsumedHeaders = Readonly<Record<string, unknown>>;

/**
 * Metadata for a line that is logged because of a consumed message: how many times it has been sent to Kafka. With
 * `loopHeader: true`, a consumer that logs what it consumes to a topic that it consumes is stopped after five rounds.
 * A format that builds a new info has to copy symbols.
 *
 * @param headers the message's
 * @example
 * await consumer.run({
 *   eachMessage: async ({ message }) => {
 *     const log = logger.child(hopsOf(message.headers));
 *     log.info('consumed', { offset: message.offset });
 *   },
 * });
 */
export function hopsOf(headers: ConsumedHeaders | undefined): object {
  const given = headers?.[HOPS_HEADER];
  const [value]: unknown[] = Array.isArray(given) ? given : [given];
  const hops = Number(Buffer.isBuffer(value) ? value.toString() : value);
  return { [HOPS]: Number.isSafeInteger(hops) && hops > 0 ? hops : 0 };
}

/** Adds the header `log-hops`: the count of {@link hopsOf} plus one. */
export function withHops(headers: RecordHeaders | undefined, info: Info): RecordHeaders {
  const withCount: RecordHeaders = headers ?? Object.create(null);
  withCount[HOPS_HEADER] = String(hopsIn(info) + 1);
  return withCount;
}

/** Whether an info has so many hops that it must be in a loop. */
export function hasTooManyHops(info: Info): boolean {
  return hopsIn(info) >= MAX_HOPS;
}

function hopsIn(info: Info): number {
  const hops = info[HOPS];
  return typeof hops === 'number' ? hops : 0;
}
