// What the specs of the spool have in common: a directory that goes with the spec, and what stands in it.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { PendingRecord, type RecordHeaders, type RecordKey } from '../../lib/record/record.ts';

/** A directory that is not there yet, in one that goes with the spec. */
export function directoryOfSpec(): string {
  const parent = mkdtempSync(join(tmpdir(), 'winston-kafkajs-spool-'));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  return join(parent, 'spool');
}

/** The names of all files below it, with the directories of owners left out. */
export function filesIn(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

export interface Parts {
  seq?: number;
  key?: RecordKey;
  headers?: RecordHeaders | undefined;
  topic?: string;
}

export function recordWith(
  text: string,
  { seq = 1, key = null, headers, topic = 'logs' }: Parts = {},
): PendingRecord {
  const record = new PendingRecord({
    topic,
    level: 'info',
    severity: 2,
    time: 1_700_000_000_000,
    text,
    key,
    headers,
  });
  record.seq = seq;
  return record;
}
