import type { Arrivals } from './arrivals.ts';

/** What the plain transport made of one record. */
export interface TrapFigures {
  sends: number;
  /** Records that its Kafka client had logged, and that were yet to be sent when it was stopped. */
  waiting: number;
  seconds: number;
  loopDelayMs: number;
}

/** What an act with a `KafkaTransport` came to. */
export interface ShippingFigures {
  asked: number;
  answered: number;
  slowestMs: number;
  logged: number;
  delivered: number;
  sends: number;
  reconnects: number;
  /** Re-entrant records: kept out of Kafka, and how many of them the logger's other transport got. */
  keptOut: number;
  keptOutSeen: number;
  loopDelayMs: number;
  /** What the topic holds in the end. */
  arrivals: Arrivals;
}

export interface Figures {
  trap: TrapFigures;
  steady: ShippingFigures;
  /** `waited`: how many records were in memory when the broker came back. */
  outage: ShippingFigures & { waited: number };
}

// So few sends would not be a loop: over a slow network to a real broker, too, two seconds are enough for more.
const LEAST_SENDS_OF_A_LOOP = 10;
// Some 10 ms is what it takes. The limit is far above what other work on the machine adds (half a second was seen),
// and far below what a log loop does: that lets no timer fire at all.
const LONGEST_LOOP_DELAY_MS = 2_500;

/** What is wrong with the figures, one sentence each; empty when all is well. */
export function judge({ trap, steady, outage }: Figures): string[] {
  const problems = [...judgeShipping('Act 2', steady), ...judgeShipping('Act 3', outage)];
  if (trap.sends < LEAST_SENDS_OF_A_LOOP) {
    problems.unshift(`Act 1: the trap did not close, one record became ${trap.sends} sends only`);
  }
  if (steady.arrivals.duplicates > 0) {
    problems.push(`Act 2: ${steady.arrivals.duplicates} records are in the topic more than once`);
  }
  if (outage.waited === 0 || outage.reconnects === 0) {
    problems.push('Act 3: the broker was not missed, so the act shows nothing');
  }
  return problems;
}

/** What must hold with a broker and without one. Duplicates may be there after a cut connection: at least once. */
function judgeShipping(act: string, figures: ShippingFigures): string[] {
  const { asked, answered, logged, delivered, keptOut, keptOutSeen, loopDelayMs, arrivals } = figures;
  const { distinct, outOfOrder, reentrant } = arrivals;
  const checks: [isWrong: boolean, problem: string][] = [
    [logged === 0, 'nothing was logged'],
    [answered !== asked, `${asked - answered} of ${asked} requests were not answered`],
    [logged !== asked, `${asked} requests, but ${logged} records logged`],
    [delivered !== logged, `${logged} records logged, but ${delivered} delivered`],
    [distinct !== logged, `${logged} records logged, but ${distinct} in the topic`],
    [outOfOrder > 0, `${outOfOrder} records are out of order in their partition`],
    [reentrant > 0, `${reentrant} of the Kafka client's own lines are in the topic`],
    [keptOut === 0, 'no re-entrant record was kept out: the Kafka client logged nothing'],
    [keptOutSeen !== keptOut, `${keptOut} records kept out of Kafka, but the console got ${keptOutSeen}`],
    [loopDelayMs > LONGEST_LOOP_DELAY_MS, `the event loop stood still for ${Math.round(loopDelayMs)} ms`],
  ];
  return checks.filter(([isWrong]) => isWrong).map(([, problem]) => `${act}: ${problem}`);
}
