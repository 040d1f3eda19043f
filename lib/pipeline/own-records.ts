import { infoOf } from '../observe/delivery-reports.ts';
import type { PendingRecord } from '../record/record.ts';
import type { RecordFactory } from '../record/record-factory.ts';
import { describeSampled, type SampledCounts } from '../sampling/sampling-notice.ts';
import { type DropCounts, describeDrops } from '../undelivered/drop-notice.ts';
import type { Levels } from '../util/info.ts';

/** The record that tells the topic that others are missing from it; nothing where there is no topic for it. */
export function dropNoticeRecord(
  factory: RecordFactory,
  counts: DropCounts,
  levels: Levels | undefined,
): PendingRecord | undefined {
  // syslog's levels have no `warn`.
  const isSyslog = levels !== undefined && !('warn' in levels) && 'warning' in levels;
  const level = isSyslog ? 'warning' : 'warn';
  const dropped = { total: counts.total, ...counts.byReason };
  return ownRecord(factory, level, describeDrops(counts), { dropped });
}

/** The record that tells the topic how many were left out by `sample` or `rateLimit`. */
export function samplingNoticeRecord(
  factory: RecordFactory,
  counts: SampledCounts,
): PendingRecord | undefined {
  const sampled = { total: counts.total, ...counts.byLevel };
  return ownRecord(factory, 'info', describeSampled(counts), { sampled });
}

function ownRecord(
  factory: RecordFactory,
  level: string,
  what: string,
  facts: object,
): PendingRecord | undefined {
  const message = `winston-kafkajs: ${what}`;
  const text = JSON.stringify({ level, message, ...facts });
  const admission = factory.admitOwn({ ...infoOf(level, text), message, ...facts }, level, text);
  return admission.kind === 'record' ? admission.record : undefined;
}
