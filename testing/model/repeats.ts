// An idempotent producer of the model: each record is stored once, wherever the contract promises it.
import type { Stored } from './broker.ts';
import type { Shape, Step } from './steps.ts';

/** What ends a producer, or what it knows of its batches. */
const ENDS = new Set<Step['do']>([
  ...(['giveUp', 'close', 'reopen', 'release', 'exit', 'survive', 'crash'] as const),
  // What is done with could not be noted: the next process sends it again.
  ...(['diskFault', 'diskFull', 'diskMended'] as const),
  'partitions',
  'topic',
]);

/** Whether a step may have a record stored twice: it ends the producer, or a batch is taken apart. */
function mayRepeat(step: Step): boolean {
  if (step.do === 'log') return step.mark !== '';
  if (step.do === 'misbehave') return ['out of sequence', 'thrown', 'type error'].includes(step.what);
  return ENDS.has(step.do);
}

/** @returns what was stored again */
export function judgeRepeats(stored: readonly Stored[], { client }: Shape, steps: readonly Step[]): string[] {
  if (client !== 'idempotent' || steps.some(mayRepeat)) return [];
  const seen = new Set<number>();
  const repeated = stored.filter(({ id }) => seen.size === seen.add(id).size);
  return repeated.map(({ id }) => `${id} was stored twice`);
}
