import type { Figures, ShippingFigures } from './figures.ts';
import { number } from './screen.ts';

type Row = [label: string, trap: string, steady: string, outage: string];

/** The figures of the three acts side by side, one line each. */
export function tableOf({ trap, steady, outage }: Figures): string[] {
  const shipped = (label: string, figure: (figures: ShippingFigures) => number): Row => [
    label,
    '-',
    number(figure(steady)),
    number(figure(outage)),
  ];
  const rows: Row[] = [
    ['', '1 trap', '2 under traffic', '3 broker away'],
    shipped('requests answered', ({ answered }) => answered),
    shipped('slowest answer, ms', ({ slowestMs }) => slowestMs),
    ['records logged', '1', number(steady.logged), number(outage.logged)],
    ['sends', number(trap.sends), number(steady.sends), number(outage.sends)],
    shipped('delivered (acknowledged)', ({ delivered }) => delivered),
    shipped('in the topic (read back)', ({ arrivals }) => arrivals.distinct),
    shipped('lost', ({ logged, arrivals }) => logged - arrivals.distinct),
    shipped('duplicates', ({ arrivals }) => arrivals.duplicates),
    shipped('out of order', ({ arrivals }) => arrivals.outOfOrder),
    ['re-entrant, sent to Kafka', number(trap.sends - 1), ...reentrantSent(steady, outage)],
    shipped('re-entrant, kept out', ({ keptOut }) => keptOut),
    shipped('  of these on the console', ({ keptOutSeen }) => keptOutSeen),
    ['waited in memory', '-', '-', number(outage.waited)],
    [
      'largest event-loop delay, ms',
      number(trap.loopDelayMs),
      number(steady.loopDelayMs),
      number(outage.loopDelayMs),
    ],
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('   '),
  );
}

function reentrantSent(steady: ShippingFigures, outage: ShippingFigures): [string, string] {
  return [number(steady.arrivals.reentrant), number(outage.arrivals.reentrant)];
}
