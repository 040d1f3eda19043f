import { UsageError } from './usage-error.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * `10m` (ago), or a date that JavaScript can read.
 *
 * @returns epoch milliseconds, not negative: those mean something else to a broker
 * @throws UsageError
 */
export function timeOf(flag: string, text: string, now: number): number {
  const [, count, unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? [];
  // Of a short number JavaScript makes a date of some year.
  const date = text.length < 4 ? Number.NaN : Date.parse(text);
  const time = count === undefined ? date : now - Number(count) * (UNITS[unit] ?? 0);
  if (Number.isNaN(time))
    throw new UsageError(
      `${flag} must be like 30s, 10m, 2h or 1d (ago), or a date like 2026-11-27T10:00:00Z.`,
    );
  return Math.max(0, time);
}
