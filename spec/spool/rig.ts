// What the specs of the spool have in common: a directory that goes with the spec, what stands in it, and a disk that fails.
import fs, { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { PendingRecord, type RecordHeaders, type RecordKey } from '../../lib/record/record.ts';
import { Spool } from '../../lib/spool/spool.ts';
import { HeldClock } from '../sender/rig.ts';

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

/** A spool whose process neither counts nor sends, and what it has told of. */
export interface OpenSpool {
  readonly spool: Spool;
  readonly clock: HeldClock;
  /** How many records were found, each time. */
  readonly adopted: number[];
  readonly errors: string[];
}

export interface OpenSpoolOptions {
  readonly mode?: 'overflow' | 'always';
  readonly maxBytes?: number;
}

export function openSpool(
  directory: string,
  clock: HeldClock = new HeldClock(),
  { mode = 'overflow', maxBytes = 100_000_000 }: OpenSpoolOptions = {},
): OpenSpool {
  const adopted: number[] = [];
  const errors: string[] = [];
  let nextPosition = Number.MIN_SAFE_INTEGER;
  const spool = new Spool({ directory, mode, maxBytes }, clock, {
    onAdopted: (records, positions) => {
      adopted.push(records);
      const first = nextPosition;
      nextPosition += positions;
      return first;
    },
    onDamaged: (stretches) => errors.push(`${stretches} damaged`),
    onLost: (records) => errors.push(`${records} lost`),
    onError: (cause) => errors.push((cause as Error).message),
    onWork: () => undefined,
  });
  spool.open();
  return { spool, clock, adopted, errors };
}

/** Takes all that can be read, as if it were delivered at once. @returns the texts */
export function deliverAll(spool: Spool): string[] {
  const texts: string[] = [];
  for (let next = spool.take(); next !== undefined; next = spool.take()) {
    texts.push(next.text);
    spool.settle([next]);
  }
  return texts;
}

/** Has a function of `node:fs` replaced until the spec is over. @param make gets the real one */
type Replaceable = 'ftruncateSync' | 'mkdirSync' | 'readdirSync' | 'readFileSync' | 'writeSync';

export function replaceInFs<Name extends Replaceable>(
  name: Name,
  make: (real: (typeof fs)[Name]) => unknown,
): void {
  const real = fs[name];
  const replaceBy = (fn: unknown): void => {
    Object.assign(fs, { [name]: fn });
    syncBuiltinESMExports();
  };
  replaceBy(make(real));
  onTestFinished(() => replaceBy(real));
}

/** What Node throws where the system refuses. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: refused`), { code });
}
