import type TransportStream from 'winston-transport';
import { guardSync, outsideGuard } from '../loop-safety/guard.ts';
import type { DropReason, PendingRecord } from '../record/record.ts';
import { hasMethods } from '../util/check-option.ts';
import { LEVEL, type Levels, MESSAGE } from '../util/info.ts';
import { attempt } from '../util/safely.ts';
import { handleRejection } from '../util/thenable.ts';
import type { FallbackWrites } from './fallback-writes.ts';

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

/** Whether it is a `KafkaTransport`, of whatever copy of the package: to another topic, or another cluster. */
export function shipsToKafka(
  fallback: unknown,
): fallback is TransportStream & { flush(timeoutMs: number): Promise<unknown> } {
  return hasMethods(fallback, 'flush', 'healthy', 'updateOptions');
}

/** winston's transports tell by an event that they cannot write (a full disk, too many open files): unheard, it would end the process. */
export function listenForErrors(fallback: Fallback | undefined, onFailure: (error: unknown) => void): void {
  if (typeof fallback !== 'object' || fallback.listenerCount?.('error') !== 0) return;
  fallback.on('error', onFailure);
}

/** Runs a function under the loop-safety flag, or outside of it. */
type Run = (fn: () => unknown) => unknown;

/**
 * Hands an undelivered record on, under the guard: what the fallback logs never goes to Kafka.
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
  // What another transport is given is not what it logs, and that it keeps out itself. Records of a loop might go on there.
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
    // Its `log`, not its `write`: a transport without a logger has no levels to compare with. takes() has compared them.
    const log = (): unknown => fallback.log?.(info, onEnd);
    if (!writes.goesOn || isOther) return call(atOnce, log, onEnd);
    const ended = new Promise<void>((resolve) => {
      calledBack = resolve;
    });
    return call((fn) => writes.guarded(fn, ended), log, onEnd);
  });
}

/**
 * The text is the record's own, so that a file of them can be fed in again; the rest stands beside it, for the
 * fallback's `format`.
 */
function infoFor(fallback: TransportStream, record: PendingRecord, reason: UndeliveredReason): unknown {
  const { level, text, topic, time } = record;
  const info = { level, message: text, topic, reason, time, [LEVEL]: level, [MESSAGE]: text };
  const { format } = fallback;
  return format === undefined ? info : format.transform(info, format.options);
}
