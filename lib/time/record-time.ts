import { performance } from 'node:perf_hooks';

// The largest time that a Date can hold (ECMA-262, TimeClip): a safe integer, and years later than any log line.
const LATEST = 8.64e15;

/**
 * A time as Kafka takes it, in epoch milliseconds: whole, finite, not negative. A clock that is corrected by an offset
 * answers with fractions, a faked one with anything; kafkajs's `BigInt(timestamp)` throws for all of these, and would for
 * every send that has the record.
 *
 * @param time what a clock or a file said
 * @returns the same, whole; the time now where it is no time at all
 */
export function recordTime(time: unknown): number {
  if (typeof time === 'number' && time >= 0 && time <= LATEST) return Math.trunc(time);
  // Not Date.now(): that may be where it comes from.
  return Math.trunc(performance.timeOrigin + performance.now());
}
