import type { DropReason, PendingRecord } from '../record/record.ts';
import type { Spool } from '../spool/spool.ts';
import type { Ledger } from './ledger.ts';
import type { RecordDropper } from './record-dropper.ts';
import type { RecordStore } from './store/record-store.ts';

// How many positions in the order of acceptance are taken out of the queues at a time. As objects, all of a full buffer do not fit
// into a small heap.
const POSITIONS_AT_ONCE = 2_000;

/** Those that are neither delivered nor dropped, in the order in which they were accepted. */
export function byAcceptance(records: readonly PendingRecord[]): PendingRecord[] {
  return records.filter(({ state }) => state !== 'settled').sort((a, b) => a.seq - b.seq);
}

export interface GiveUpParts {
  readonly ledger: Ledger;
  readonly dropper: RecordDropper;
  readonly spool: Spool | undefined;
  /** An empty queue, whose records nobody else takes out. */
  readonly stack: RecordStore;
}

/**
 * Gives up the records of all queues and those that are in flight: to the spool as many of the youngest as it takes, and drops the
 * others, oldest first.
 */
export class GiveUp {
  readonly #parts: GiveUpParts;

  constructor(parts: GiveUpParts) {
    this.#parts = parts;
  }

  /** @param inFlight by acceptance */
  run(
    queues: readonly RecordStore[],
    inFlight: readonly PendingRecord[],
    reason: DropReason,
    cause: unknown,
  ): void {
    const { spool, ledger, stack } = this.#parts;
    // Whoever is told of a record that is dropped may end the process: what is on the stack then is older than what is in the queues.
    this.#dropStack(reason, cause);
    let isFull = spool === undefined;
    for (const records of takenYoungestFirst(queues, inFlight)) {
      const left = new Set(spool?.leave(isFull ? records.filter(isOnDisk) : records));
      for (const record of left) {
        ledger.spool(record);
        record.empty();
      }
      if (left.size < records.length) isFull = true;
      // The oldest comes to the top.
      for (const record of records.toReversed()) if (!left.has(record)) stack.push(record);
    }
    // The process may live on all the same.
    spool?.beginAnew();
    this.#dropStack(reason, cause);
  }

  #dropStack(reason: DropReason, cause: unknown): void {
    const { stack, dropper } = this.#parts;
    for (let record = stack.pop(); record !== undefined; record = stack.pop())
      if (record.state !== 'settled') dropper.drop(record, reason, cause);
  }
}

const isOnDisk = ({ spoolPosition }: PendingRecord): boolean => spoolPosition !== undefined;

/** Takes all out of the queues, some at a time: the youngest first, each time by acceptance. */
function* takenYoungestFirst(
  queues: readonly RecordStore[],
  inFlight: readonly PendingRecord[],
): Generator<PendingRecord[]> {
  const sent = [...inFlight];
  for (;;) {
    let youngest = seqOf(sent.at(-1));
    for (const { last } of queues) youngest = Math.max(youngest, seqOf(last));
    if (youngest === NONE) return;
    const before = youngest - POSITIONS_AT_ONCE;
    const records: PendingRecord[] = [];
    const take = (from: { pop(): PendingRecord | undefined }): void => {
      const record = from.pop();
      if (record !== undefined) records.push(record);
    };
    while (seqOf(sent.at(-1)) > before) take(sent);
    for (const queue of queues) while (seqOf(queue.last) > before) take(queue);
    yield byAcceptance(records);
  }
}

const NONE = Number.NEGATIVE_INFINITY;

function seqOf(record: Pick<PendingRecord, 'seq'> | undefined): number {
  return record?.seq ?? NONE;
}
