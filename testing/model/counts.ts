// What must hold of the counts of a process in the model at every moment.
import type { ModelProcess } from './process.ts';
import { MAX_PARTITIONS, type Shape, TOPICS } from './steps.ts';

// Of each queue that is held, one record may be more than there is room for.
const MOST_HELD = TOPICS.length * (MAX_PARTITIONS + 1);

export class Counts {
  readonly #shape: Shape;
  /** Whether records that a process has left may be others', or not be found again at once. */
  readonly #mayFall: boolean;
  /** By process, what only grows. */
  readonly #before = new Map<string, readonly number[]>();

  constructor(shape: Shape, mayFall: boolean) {
    this.#shape = shape;
    this.#mayFall = mayFall;
  }

  /** @returns what is wrong */
  problems({ name, ledger }: ModelProcess): string[] {
    const { accepted, delivered, queued, inFlight, spooled, replayed, droppedTotal } = ledger;
    const { spooledWaiting, inMemory, inMemoryBytes, queuedBytes } = ledger;
    const problems: string[] = [];
    if (accepted !== delivered + queued + inFlight + (spooled - replayed) + droppedTotal)
      problems.push('the counts do not balance');
    const all = { delivered, queued, inFlight, spooledWaiting, droppedTotal, inMemoryBytes, queuedBytes };
    for (const [what, count] of Object.entries(all)) if (count < 0) problems.push(`${what} is ${count}`);
    const { maxRecords, maxBytes, spool } = this.#shape;
    const isHeldAlone = spool !== 'none' && inMemory <= maxRecords + MOST_HELD;
    if (inMemory > maxRecords && !isHeldAlone)
      problems.push(`${inMemory} records are in memory, and ${maxRecords} may be`);
    if (inMemoryBytes > maxBytes && !isHeldAlone)
      problems.push(`${inMemoryBytes} bytes are in memory, and ${maxBytes} may be`);
    const now = [accepted, delivered, spooled, replayed, droppedTotal];
    const before = this.#before.get(name) ?? [];
    if (!this.#mayFall && now.some((count, at) => count < (before[at] ?? 0)))
      problems.push(`a counter has fallen: ${before.join()}, ${now.join()}`);
    this.#before.set(name, now);
    return problems;
  }
}
