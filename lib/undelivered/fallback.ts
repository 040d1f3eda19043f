import type TransportStream from 'winston-transport';
import { guardSync } from '../loop-safety/guard.ts';
import type { DropReason, PendingRecord } from '../record/record.ts';
import { LEVEL, type Levels, MESSAGE } from '../util/info.ts';
import { handleRejection } from '../util/thenable.ts';

/** Why a record is undelivered. `loop`: it came back again and again; it is counted as suppressed, not as dropped. */
export type UndeliveredReason = DropReason | 'loop';

/** A record that Kafka will not get. */
export interface Undelivered {
  readonly reason: UndeliveredReason;
  readonly level: string;
  /** The formatted text. */
  readonly message: string;
  readonly topic: string;
  readonly key: string | Buffer | null;
  readonly headers: Readonly<Record<string, string | Buffer>> | undefined;
  /** Epoch milliseconds of the moment winston handed it over. */
  readonly time: number;
  /** What made it undeliverable, where there is an error behind it. */
  readonly cause: unknown;
}

/** Gets the records that Kafka will not get: a winston transport (`new winston.transports.File(…)`) or a function. */
export type Fallback = TransportStream | ((undelivered: Undelivered) => void);

/**
 * Whether the fallback takes records of a level. A winston transport goes by its own `silent` and `level`, as behind a logger;
 * where a level is not among the logger's, it takes them: it is the last place that they can go to.
 */
export function takes(fallback: Fallback, level: string, levels: Levels): boolean {
  if (typeof fallback === 'function') return true;
  if (fallback.silent) return false;
  const [limit, severity] = [levels[fallback.level ?? ''], levels[level]];
  return limit === undefined || severity === undefined || severity <= limit;
}

/**
 * Hands an undelivered record on, under the guard: what the fallback logs never goes to Kafka.
 *
 * @param onFailure called when the fallback throws, or its promise rejects
 * @returns what it has returned
 */
export function handOn(
  fallback: Fallback,
  record: PendingRecord,
  reason: UndeliveredReason,
  cause: unknown,
  onFailure: (error: unknown) => void,
): unknown {
  const { level, text: message, topic, key, headers, time } = record;
  try {
    const result: unknown =
      typeof fallback === 'function'
        ? guardSync(fallback, { reason, level, message, topic, key, headers, time, cause })
        : guardSync(writeTo, fallback, record, reason);
    handleRejection(result, onFailure);
    return result;
  } catch (error) {
    onFailure(error);
    return undefined;
  }
}

/**
 * The text is the record's own, so that a file of them can be fed in again; the rest stands beside it, for the
 * fallback's `format`.
 */
function writeTo(fallback: TransportStream, record: PendingRecord, reason: UndeliveredReason): unknown {
  const { level, text, topic, time } = record;
  const info = { level, message: text, topic, reason, time, [LEVEL]: level, [MESSAGE]: text };
  const { format } = fallback;
  const formatted: unknown = format === undefined ? info : format.transform(info, format.options);
  // Its `log`, not its `write`: a transport without a logger has no levels to compare with. takes() has compared them.
  return formatted ? fallback.log?.(formatted, () => undefined) : undefined;
}
