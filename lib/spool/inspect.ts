import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PendingRecord } from '../record/record.ts';
import { attempt } from '../util/safely.ts';
import { isGone } from './is-gone.ts';
import { type OwnerState, ownerState } from './owner.ts';
import { FrameReader, saltOf } from './segments/frames.ts';
import { readJournal } from './segments/journal.ts';
import { recordOf } from './segments/record-payload.ts';

/** A segment as it lies on disk. */
export interface SeenSegment {
  /** Of the directory it is in, which tells whose it is. */
  readonly directory: string;
  readonly name: string;
  readonly owner: OwnerState;
  readonly bytes: number;
  /** Stretches that are no records. The last one of a segment that is being written may be only half there. */
  readonly damages: number;
  /** Those that are not done with, in order. */
  readonly waiting: readonly PendingRecord[];
}

/**
 * What lies in a spool's directory, read one segment after another: all of them may be more than memory holds. Nothing is opened
 * for writing, locked, touched or renamed, so that it may be done while a process owns it; what is taken away meanwhile is left out.
 *
 * @param onUnread what cannot be read of it
 * @throws when the directory cannot be read
 */
export function segmentsSeen(
  base: string,
  now: number,
  onUnread: (error: unknown) => void,
): Iterable<SeenSegment> {
  return segmentsIn(base, readdirSync(base).sort(), now, (error) => {
    if (!isGone(error)) onUnread(error);
  });
}

function* segmentsIn(
  base: string,
  directories: readonly string[],
  now: number,
  onError: (error: unknown) => void,
): Generator<SeenSegment> {
  for (const directory of directories) {
    const owner = ownerState(base, directory, now);
    if (owner === undefined) continue;
    const files = attempt(() => readdirSync(join(base, directory)), onError) ?? [];
    for (const file of files.filter((each) => each.endsWith('.seg')).sort()) {
      const seen = attempt(() => segmentSeen(base, directory, file.slice(0, -'.seg'.length), owner), onError);
      if (seen !== undefined) yield seen;
    }
  }
}

function segmentSeen(base: string, directory: string, name: string, owner: OwnerState): SeenSegment {
  const path = join(base, directory, name);
  const salt = saltOf(name);
  // The journal first: what is done with afterwards is shown once more, and nothing is left out.
  const { done } = readJournal(`${path}.ack`, salt);
  const bytes = readFileSync(`${path}.seg`);
  const reader = new FrameReader(bytes, salt);
  const waiting: PendingRecord[] = [];
  for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
    if (done.has(frame.offset)) continue;
    const { payload } = frame;
    const record = attempt(() => recordOf(payload));
    if (record !== undefined) waiting.push(record);
  }
  return { directory, name, owner, bytes: bytes.length, damages: reader.damages, waiting };
}
