import { onOneLine } from '../client-log/line.ts';
import { messageOf } from '../errors.ts';
import { type SeenSegment, segmentsSeen } from '../spool/inspect.ts';
import type { OwnerState } from '../spool/owner.ts';
import { recordLine, shownRecord } from './record-line.ts';
import type { Screen } from './screen.ts';
import { UsageError } from './usage-error.ts';

/** @throws UsageError where there is no such directory */
export function spooled(
  directory: string,
  now: number,
  onUnread: (error: unknown) => void,
): Iterable<SeenSegment> {
  try {
    return segmentsSeen(directory, now, onUnread);
  } catch (error) {
    throw new UsageError(`The spool ${directory} cannot be read: ${messageOf(error)}`);
  }
}

/** Lists what lies on disk, and changes nothing. @returns the exit code */
export function listSpool(
  segments: Iterable<SeenSegment>,
  isJson: boolean | undefined,
  screen: Screen,
): number {
  const rows = Array.from(segments, ({ directory, name, owner, bytes, damages, waiting }) => {
    const topics = new Map<string, number>();
    for (const { topic } of waiting) topics.set(topic, (topics.get(topic) ?? 0) + 1);
    /** Nothing where none waits; then it is not in the JSON either. */
    const oldest = waiting.reduce<number | undefined>(
      (least, { time }) => Math.min(least ?? time, time),
      undefined,
    );
    return {
      directory,
      name,
      owner,
      bytes,
      damages,
      waiting: waiting.length,
      topics: Object.fromEntries(topics),
      oldest,
    };
  });
  const total = rows.reduce((sum, { waiting }) => sum + waiting, 0);
  if (isJson) {
    screen.json({ waiting: total, segments: rows });
    return 0;
  }
  for (const { name, owner, bytes, damages, waiting, topics, oldest } of rows) {
    const since = oldest === undefined ? '' : `, the oldest of ${new Date(oldest).toISOString()}`;
    screen.line(`${onOneLine(name)}  ${waiting} waiting, ${bytes} bytes${since}`);
    for (const [topic, count] of Object.entries(topics)) screen.line(`  ${onOneLine(topic)}: ${count}`);
    screen.line(`  ${ownerText(owner)}`);
    if (damages > 0) screen.line(`  ${screen.paint('yellow', `${damages} damaged stretches`)}`);
  }
  screen.line(`${total} records wait in ${rows.length} segments.`);
  return 0;
}

function ownerText({ isGone, pid }: OwnerState): string {
  if (isGone) return 'left behind: the next transport with this spool sends it, or --replay';
  return pid === undefined
    ? 'belongs to a process of another machine or container'
    : `belongs to process ${pid}`;
}

/** Prints the records that wait, and changes nothing. @returns the exit code */
export function printSpool(segments: Iterable<SeenSegment>, screen: Screen): number {
  for (const { waiting } of segments) {
    for (const { time, text } of waiting) screen.line(recordLine(shownRecord(time, text), screen));
  }
  return 0;
}
