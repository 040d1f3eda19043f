import { infoOf } from '../observe/delivery-reports.ts';
import { DROP_REASONS, type PendingRecord } from '../record/record.ts';
import type { RecordFactory } from '../record/record-factory.ts';
import type { Levels } from '../util/info.ts';
import type { Counts } from '../util/tally.ts';

/** The drop notice: the record that says how many records the topic lacks; `undefined` if `topic` names no topic for it. */
export function dropNoticeRecord(
  factory: RecordFactory,
  counts: Counts,
  levels: Levels | undefined,
): PendingRecord | undefined {
  // syslog's levels have no `warn`.
  const isSyslog = levels !== undefined && !('warn' in levels) && 'warning' in levels;
  const level = isSyslog ? 'warning' : 'warn';
  const dropped = { total: counts.total, ...counts.byName };
  return ownRecord(factory, level, describe(counts, 'not delivered', DROP_REASONS), { dropped });
}

/** The sampling notice: the record that says how many records `sample` or `rateLimit` has left out. */
export function samplingNoticeRecord(factory: RecordFactory, counts: Counts): PendingRecord | undefined {
  const sampled = { total: counts.total, ...counts.byName };
  return ownRecord(factory, 'info', describe(counts, 'left out by sample or rateLimit'), { sampled });
}

/** `12 records were not delivered: overflow 10, expired 2` @param names which counts to list, in this order */
function describe(
  { total, byName }: Counts,
  what: string,
  names: readonly string[] = Object.keys(byName),
): string {
  const counted = names.filter((name) => byName[name] !== undefined).map((name) => `${name} ${byName[name]}`);
  return `${total} ${total === 1 ? 'record was' : 'records were'} ${what}: ${counted.join(', ')}`;
}

function ownRecord(
  factory: RecordFactory,
  level: string,
  what: string,
  facts: object,
): PendingRecord | undefined {
  const message = `winston-kafkajs: ${what}`;
  const text = JSON.stringify({ level, message, ...facts });
  const admission = factory.createOwn({ ...infoOf(level, text), message, ...facts }, level, text);
  return admission.kind === 'record' ? admission.record : undefined;
}
