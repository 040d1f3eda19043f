// What came of a schedule, from what was logged, stored and handed on.
import { arrivalsIn } from '../../spec/support/arrivals.ts';

export interface Outcome {
  /** The numbers that were logged are 0 up to this. */
  readonly logged: number;
  /** Of these, what was logged in the turn of the event loop in which a process was killed, or may have been. */
  readonly diedWith: ReadonlySet<number>;
  readonly keyed: boolean;
  /** Whether records may have changed their partition, and their place with it. */
  readonly partitionsAdded: boolean;
  /** Whether a broker was away, so that records without key which could not be sent to it went to another partition. */
  readonly brokersAway: boolean;
  readonly idempotent: boolean;
  /** Lower numbers were logged before the Kafka client was replaced, or the process ended, and may be there twice. */
  readonly repeatableBelow: number;
  /** By partition, in the order of their offsets. */
  readonly stored: readonly (readonly number[])[];
  readonly handedOn: ReadonlySet<number>;
  /** Whatever must not happen at all, and did. */
  readonly mishaps: readonly string[];
}

export interface Findings {
  readonly lost: number[];
  readonly duplicates: number;
  readonly outOfOrder: number;
  /** What is wrong; nothing in a good run. */
  readonly problems: string[];
}

export const KEYS = 7;

export function judge(outcome: Outcome): Findings {
  const { logged, diedWith, stored, handedOn, keyed, partitionsAdded, brokersAway, idempotent, mishaps } =
    outcome;
  // Between records of different keys no order is promised once keys have moved to other partitions.
  const streamOf = keyed && partitionsAdded ? (number: number): number => number % KEYS : undefined;
  const { seen, duplicates } = arrivalsIn(stored);
  const unrepeatable = only(stored, (number) => number >= outcome.repeatableBelow);
  const wrongDuplicates = idempotent ? arrivalsIn(unrepeatable).duplicates : 0;
  // What was given up after a send without an answer may still be stored, late: no order is promised to that.
  const kept = only(stored, (number) => !handedOn.has(number));
  const { outOfOrder } = arrivalsIn(kept, streamOf);
  const all = Array.from({ length: logged }, (_, number) => number);
  const lost = all.filter((number) => !seen.has(number) && !handedOn.has(number) && !diedWith.has(number));
  const invented = [...seen].filter((number) => !(number < logged));
  const problems = [...mishaps];
  if (lost.length > 0) problems.push(`lost: ${lost.slice(0, 10).join(', ')} (${lost.length} in all)`);
  if (invented.length > 0) problems.push(`never logged: ${invented.slice(0, 10).join(', ')}`);
  const mayMove = !keyed && (partitionsAdded || brokersAway);
  if (outOfOrder > 0 && !mayMove) problems.push(`${outOfOrder} out of order`);
  if (wrongDuplicates > 0) problems.push(`${wrongDuplicates} duplicates`);
  return { lost, duplicates, outOfOrder, problems };
}

function only(stored: Outcome['stored'], keep: (number: number) => boolean): number[][] {
  return stored.map((numbers) => numbers.filter(keep));
}
