import type TransportStream from 'winston-transport';
import { guardSync, outsideGuard } from '../loop-safety/guard.ts';
import type { DropReason, PendingRecord } from '../record/record.ts';
import { hasMethods } from '../util/check-option.ts';
import { LEVEL, type Levels, MESSAGE } from '../util/info.ts';
import { attempt } from '../util/safely.ts';
import { handleRejection } from '../util/thenable.ts';
import type { FallbackWrites } from './fallback-writes.ts';

/** Why a record is undelivered. `loop`: it is part of a log loop; it is counted as suppressed, not as dropped. */
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
  /** The error that made it undeliverable, if there is one. */
  readonly cause: unknown;
}

/** Gets the records that Kafka will not get: a winston transport (`new winston.transports.File(…)`) or a function. */
export type Fallback = TransportStream | ((undelivered: Undelivered) => void);

/**
 * Whether the fallback takes records of a level. For a winston transport its own `silent` and `level` decide, as behind a logger.
 * If the logger's levels lack one of the two levels, it takes them, because otherwise they would be lost.
 */
export function takes(fallback: Fallback, level: string, levels: Levels): boolean {
  if (typeof fallback === 'function') return true;
  if (fallback.silent) return false;
  const [limit, severity] = [levels[fallback.level ?? ''], levels[level]];
  return limit === undefined || severity === undefined || severity <= limit;
}

/** Whether the fallback is a `KafkaTransport` itself (for another topic or cluster), from any copy of the package. */
export function shipsToKafka(
  fallback: unknown,
): fallback is TransportStream & { flush(timeoutMs: number): Promise<unknown> } {
  return hasMethods(fallback, 'flush', 'healthy', 'updateOptions');
}

/** Listens for the `error` event of a winston transport that cannot write (a full disk, say): unheard, it would end the process. */
export function listenForErrors(fallback: Fallback | undefined, onFailure: (error: unknown) => void): void {
  if (typeof fallback !== 'object' || fallback.listenerCount?.('error') !== 0) return;
  fallback.on('error', onFailure);
}

/** Runs a function under the loop-safety flag, or outside of it. */
type Run = (fn: () => unknown) => unknown;

/**
 * Gives an undelivered record to the fallback, under the guard: what the fallback logs never goes to Kafka.
 *
 * @param onFailure called when the fallback throws, its promise rejects, or it calls back with an error
 */
export function handOn(
  fallback: Fallback,
  writes: FallbackWrites,
  record: PendingRecord,
  reason: UndeliveredReason,
  cause: unknown,
  onFailure: (error: unknown) => void,
): void {
  // Another KafkaTransport is called outside the guard, or it would suppress the record. A loop's record must not be shipped there.
  const isOther = shipsToKafka(fallback) && reason !== 'loop';
  const atOnce: Run = isOther ? outsideGuard : guardSync;
  const call = (run: Run, fn: () => unknown, onError = onFailure): unknown => {
    const result = attempt(() => run(fn), onError);
    handleRejection(result, onError);
    return result;
  };
  if (typeof fallback === 'function') {
    const { level, text: message, topic, key, headers, time } = record;
    const given = { reason, level, message, topic, key, headers, time, cause };
    writes.onRecord(
      call(
        (fn) => writes.guarded(fn),
        () => fallback(given),
      ),
    );
    return;
  }
  const info = call(atOnce, () => infoFor(fallback, record, reason));
  if (!info) return;
  writes.inTurn((done) => {
    let calledBack = (): void => undefined;
    const onEnd = (error?: unknown): void => {
      calledBack();
      if (error) onFailure(error);
      done();
    };
    // Calls `log` and not `write`, because a transport without a logger has no levels; takes() has compared them.
    const log = (): unknown => fallback.log?.(info, onEnd);
    if (!writes.goesOn || isOther) return call(atOnce, log, onEnd);
    const ended = new Promise<void>((resolve) => {
      calledBack = resolve;
    });
    return call((fn) => writes.guarded(fn, ended), log, onEnd);
  });
}

/**
 * The info for a fallback transport. Its text is the record's own, so that a file of them can be imported again; the other
 * fields are for the fallback's `format`.
 */
function infoFor(fallback: TransportStream, record: PendingRecord, reason: UndeliveredReason): unknown {
  const { level, text, topic, time } = record;
  const info = { level, message: text, topic, reason, time, [LEVEL]: level, [MESSAGE]: text };
  const { format } = fallback;
  return format === undefined ? info : format.transform(info, format.options);
}
