import { onOneLine } from '../client-log/line.ts';
import { messageOf } from '../errors.ts';
import { type SeenSegment, segmentsSeen } from '../spool/inspect.ts';
import type { OwnerState } from '../spool/owner.ts';
import { systemClock } from '../time/clock.ts';
import { recordLine, shownRecord } from './record-line.ts';
import type { Screen } from './screen.ts';
import { UsageError } from './usage-error.ts';

/** What lies in a spool, one segment a turn. @throws UsageError where there is no such directory @throws when it is aborted */
export async function* spooled(
  directory: string,
  signal: AbortSignal,
  onUnread: (error: unknown) => void,
): AsyncGenerator<SeenSegment> {
  let segments: Iterable<SeenSegment>;
  try {
    segments = segmentsSeen(directory, systemClock.systemTime(), onUnread);
  } catch (error) {
    throw new UsageError(`The spool ${directory} cannot be read: ${messageOf(error)}`);
  }
  for (const segment of segments) {
    await new Promise<void>((resolve) => systemClock.soon(resolve));
    signal.throwIfAborted();
    yield segment;
  }
}

/** Lists what lies on disk, and changes nothing. @returns the exit code */
export async function listSpool(
  segments: AsyncIterable<SeenSegment>,
  isJson: boolean | undefined,
  screen: Screen,
): Promise<number> {
  const rows = [];
  let total = 0;
  for await (const { waiting, ...seen } of segments) {
    const topics: Record<string, number> = Object.create(null);
    /** Nothing where none waits; then it is not in the JSON either. */
    let oldest: number | undefined;
    for (const { topic, time } of waiting) {
      topics[topic] = (topics[topic] ?? 0) + 1;
      oldest = Math.min(oldest ?? time, time);
    }
    total += waiting.length;
    rows.push({ ...seen, waiting: waiting.length, topics, oldest });
  }
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
export async function printSpool(segments: AsyncIterable<SeenSegment>, screen: Screen): Promise<number> {
  for await (const { waiting } of segments) {
    for (const { time, text } of waiting) {
      screen.line(recordLine(shownRecord(time, text), screen));
      await screen.drained;
    }
  }
  return 0;
}
