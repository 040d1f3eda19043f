// In which order the model's records arrived first: in that of acceptance, wherever the contract promises it.
import type { Stored } from './broker.ts';
import type { LoggedRecord, LoggedRecords } from './logged-records.ts';
import { ODD } from './seen-records.ts';
import type { Shape } from './steps.ts';

/**
 * @param areLivesApart whether what one life of a process has left may come after what the next one has logged
 * @returns what is out of order
 */
export function judgeOrder(
  stored: readonly Stored[],
  records: LoggedRecords,
  ordered: Shape['ordered'],
  areLivesApart: boolean,
): string[] {
  const streams = new Map<string, number[]>();
  const seen = new Set<number>();
  for (const { topic, partition, id } of stored) {
    const record = records.at(id);
    if (record === undefined || seen.has(id)) continue;
    seen.add(id);
    const { key, requested, life } = record;
    if (!hasOrder(record, ordered)) continue;
    const where = key === null ? `${topic}/${partition}` : topic;
    const name = `${areLivesApart ? life : ''} ${where} ${requested ?? ''} ${key}`;
    streams.set(name, [...(streams.get(name) ?? []), id]);
  }
  return [...streams]
    .filter(([, ids]) => ids.some((id, at) => at > 0 && id <= (ids[at - 1] as number)))
    .map(([name, ids]) => `out of order in ${name}: ${ids.join(' ')}`);
}

function hasOrder({ key, dropped, mayBeLost, mark }: LoggedRecord, ordered: Shape['ordered']): boolean {
  if (ordered === 'none' || (ordered === 'keyed' && key === null)) return false;
  // What was given up may still arrive; and what cannot be encoded is passed until it can.
  return dropped === undefined && !mayBeLost && mark !== ODD;
}
