// What was logged in the model, and what has become of it: nothing may be lost, dropped without a reason, or told of twice.
import type { DropReason } from '../../lib/record/record.ts';
import type { ModelBroker } from './broker.ts';
import type { ModelProcess } from './process.ts';
import { BAD, BIG, ODD } from './seen-records.ts';
import type { Shape } from './steps.ts';

export interface LoggedRecord {
  readonly id: number;
  /** The process that it was logged in, and which of its lives that was. */
  readonly process: string;
  readonly life: string;
  readonly topic: string;
  readonly key: string | null;
  readonly requested: number | undefined;
  readonly mark: string;
  readonly bytes: number;
  /** Whether it was in a process that has crashed, and may not have been on disk. */
  mayBeLost: boolean;
  dropped: DropReason | undefined;
}

// A record of the longest text, and its key.
const MOST_BYTES = 3_100;

export class LoggedRecords {
  readonly #shape: Shape;
  readonly #broker: ModelBroker;
  /** Whether a topic may have been refused. */
  readonly #refusesTopics: boolean;
  readonly #onProblem: (what: string) => void;
  readonly #records: LoggedRecord[] = [];
  /** By process, what it has told of each record. */
  readonly #told = new Map<string, Map<number, string>>();

  constructor(shape: Shape, broker: ModelBroker, refusesTopics: boolean, onProblem: (what: string) => void) {
    this.#shape = shape;
    this.#broker = broker;
    this.#refusesTopics = refusesTopics;
    this.#onProblem = onProblem;
  }

  [Symbol.iterator](): IterableIterator<LoggedRecord> {
    return this.#records.values();
  }

  get count(): number {
    return this.#records.length;
  }

  add(record: LoggedRecord): void {
    this.#records.push(record);
  }

  /** A process has told what became of a record. */
  onTold(process: ModelProcess, id: number, what: 'delivered' | DropReason): void {
    const record = this.#records[id];
    if (record === undefined) {
      this.#onProblem(`${id} was never logged, and is ${what}`);
      return;
    }
    const told = this.#toldBy(process.name);
    const before = told.get(id);
    // Its next life does not know of what could not be noted on disk.
    if (before !== undefined && process.spoolErrors === 0)
      this.#onProblem(`${id} was ${before}, and is ${what}`);
    told.set(id, what);
    if (what !== 'delivered') {
      record.dropped = what;
      if (!this.#hasReason(process, record, what))
        this.#onProblem(`${id} (${record.mark}) was dropped for no reason: ${what}`);
    } else if (!this.#broker.has(id)) this.#onProblem(`${id} is told to be delivered, and no broker has it`);
  }

  /** A process has crashed. @param fresh what it had got in the turn of its end */
  onCrash({ name, spoolErrors }: ModelProcess, fresh: ReadonlySet<LoggedRecord>): void {
    const { spool, serializes } = this.#shape;
    const isSafe = spool === 'always' && spoolErrors === 0 && !serializes;
    const told = this.#toldBy(name);
    for (const record of this.#records) {
      if (record.process !== name || told.has(record.id)) continue;
      if (!isSafe || fresh.has(record)) record.mayBeLost = true;
    }
  }

  /** Those that no broker has, and nobody has told of. */
  get missing(): LoggedRecord[] {
    return this.#records.filter(
      ({ id, dropped, mayBeLost }) => dropped === undefined && !mayBeLost && !this.#broker.has(id),
    );
  }

  /**
   * At the end: looks at the order in which records arrived first.
   *
   * @param areLivesApart whether what one life of a process has left may come after what the next one has logged
   */
  judgeOrder(areLivesApart: boolean): void {
    const { ordered } = this.#shape;
    if (ordered === 'none') return;
    const streams = new Map<string, number[]>();
    const seen = new Set<number>();
    for (const { topic, partition, id } of this.#broker.stored) {
      const record = this.#records[id];
      if (record === undefined || seen.has(id)) continue;
      seen.add(id);
      const { dropped, mayBeLost, key, requested, life, mark } = record;
      // What was given up may still arrive; and what cannot be encoded is passed until it can.
      if (dropped !== undefined || mayBeLost || mark === ODD || (key === null && ordered !== 'all')) continue;
      const where = key === null ? `${topic}/${partition}` : topic;
      const name = `${areLivesApart ? life : ''} ${where} ${requested ?? ''} ${key}`;
      streams.set(name, [...(streams.get(name) ?? []), id]);
    }
    for (const [name, ids] of streams) {
      const isInOrder = ids.every((id, at) => at === 0 || id > (ids[at - 1] as number));
      if (!isInOrder) this.#onProblem(`out of order in ${name}: ${ids.join(' ')}`);
    }
  }

  #toldBy(process: string): Map<number, string> {
    let told = this.#told.get(process);
    if (told === undefined) {
      told = new Map();
      this.#told.set(process, told);
    }
    return told;
  }

  #hasReason(process: ModelProcess, record: LoggedRecord, reason: DropReason): boolean {
    const { maxAgeMs, maxBytes } = this.#shape;
    const { mark, bytes, requested } = record;
    const isBad = mark === BAD || mark === ODD;
    switch (reason) {
      case 'overflow':
        return this.#hasNoRoom(process, record);
      case 'oversize':
        return mark === BIG || bytes > maxBytes;
      case 'expired':
        return maxAgeMs !== undefined;
      case 'closed':
        return process.lifecycle.isClosed || !this.#isDiskFine(process);
      case 'rejected':
        return isBad || requested !== undefined || this.#refusesTopics;
      case 'invalid':
        return false;
    }
  }

  #hasNoRoom(process: ModelProcess, { id, bytes }: LoggedRecord): boolean {
    const { spool, serializes, maxRecords, maxBytes } = this.#shape;
    if (this.#isDiskFine(process)) return false;
    // A new one may not pass what waits on disk.
    if (spool !== 'none' && (serializes || id === this.count - 1)) return true;
    const { inMemory, inMemoryBytes } = process.ledger;
    // The dropped one is counted no more.
    return inMemory + 1 >= maxRecords || inMemoryBytes + bytes + MOST_BYTES > maxBytes;
  }

  /** Whether all records could go to disk. */
  #isDiskFine({ spoolErrors }: ModelProcess): boolean {
    const { spool, spoolBytes, serializes } = this.#shape;
    return spool !== 'none' && spoolErrors === 0 && spoolBytes > 1_000_000 && !serializes;
  }
}
