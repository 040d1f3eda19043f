// What was promised, and what came out.
import type { Figures, Limit, Scenario } from '../scenario.ts';
import { type Summary, summaryOf } from './statistics.ts';

export interface Measured {
  readonly scenario: Scenario;
  /** By variant, of each round. */
  readonly figures: ReadonlyMap<string, readonly Figures[]>;
}

export interface PromiseCheck extends Summary {
  readonly limit: Limit;
  readonly isMet: boolean;
}

export function promiseChecksOf(measured: Measured): PromiseCheck[] {
  return measured.scenario.limits.map((limit) => {
    const summary = summaryOf(roundsOf(measured, limit));
    const { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY } = limit;
    return { ...summary, limit, isMet: summary.median <= atMost && summary.median >= atLeast };
  });
}

/** The value of each round: a ratio or a difference is made of what was measured side by side. */
function roundsOf({ figures }: Measured, limit: Limit): number[] {
  const { of, figure, over, overFigure, without } = limit;
  const value = (variant: string, round: number, name: string): number =>
    figures.get(variant)?.[round]?.[name] ?? Number.NaN;
  const rounds = figures.get(of)?.length ?? 0;
  return Array.from({ length: rounds }, (_, round) => {
    const own = value(of, round, figure);
    if (overFigure !== undefined) return own / value(of, round, overFigure);
    if (without !== undefined) return own - value(without, round, figure);
    if (over === undefined) return own;
    return own / over.reduce((sum, variant) => sum + value(variant, round, figure), 0);
  });
}
