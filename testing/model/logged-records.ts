// What was logged in the model, and what has become of it: nothing may be lost, dropped without a reason, or told of twice.
import type { DropReason } from '../../lib/record/record.ts';
import type { ModelBroker } from './broker.ts';
import { DropReasons } from './drop-reasons.ts';
import type { ModelProcess } from './process.ts';
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

export class LoggedRecords {
  readonly #shape: Shape;
  readonly #broker: ModelBroker;
  readonly #reasons: DropReasons;
  readonly #onProblem: (what: string) => void;
  readonly #records: LoggedRecord[] = [];
  /** What was logged since the last turn of the event loop. */
  readonly #fresh = new Set<LoggedRecord>();
  /** By process, what it has told of each record. */
  readonly #told = new Map<string, Map<number, string>>();

  /** @param refusesTopics whether a topic may have been refused */
  constructor(shape: Shape, broker: ModelBroker, refusesTopics: boolean, onProblem: (what: string) => void) {
    this.#shape = shape;
    this.#broker = broker;
    this.#reasons = new DropReasons(shape, refusesTopics);
    this.#onProblem = onProblem;
  }

  [Symbol.iterator](): IterableIterator<LoggedRecord> {
    return this.#records.values();
  }

  get count(): number {
    return this.#records.length;
  }

  at(id: number): LoggedRecord | undefined {
    return this.#records[id];
  }

  add(record: LoggedRecord): void {
    this.#records.push(record);
    this.#fresh.add(record);
  }

  /** What was to be done at the end of the turn has been done. */
  onTurn(): void {
    this.#fresh.clear();
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
      if (!this.#reasons.isDueTo(what, process, record, id === this.count - 1))
        this.#onProblem(`${id} (${record.mark}) was dropped for no reason: ${what}`);
    } else if (!this.#broker.has(id)) this.#onProblem(`${id} is told to be delivered, and no broker has it`);
  }

  /** A process has crashed. */
  onCrash({ name, spoolErrors }: ModelProcess): void {
    const { spool, serializes } = this.#shape;
    const isSafe = spool === 'always' && spoolErrors === 0 && !serializes;
    const told = this.#toldBy(name);
    for (const record of this.#records) {
      if (record.process !== name || told.has(record.id)) continue;
      if (!isSafe || this.#fresh.has(record)) record.mayBeLost = true;
    }
  }

  /** Those that no broker has, and nobody has told of. */
  get missing(): LoggedRecord[] {
    return this.#records.filter(
      ({ id, dropped, mayBeLost }) => dropped === undefined && !mayBeLost && !this.#broker.has(id),
    );
  }

  #toldBy(process: string): Map<number, string> {
    let told = this.#told.get(process);
    if (told === undefined) {
      told = new Map();
      this.#told.set(process, told);
    }
    return told;
  }
}
