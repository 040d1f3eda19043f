import type { Info } from './recursion/logger-tap.ts';
import { LEVEL, type Levels } from './triple-beam.ts';

/** What a transport goes by, under winston's names. */
export interface Gate {
  readonly level?: string;
  readonly levels: Levels | undefined;
  readonly silent?: boolean;
  readonly handleExceptions?: boolean;
  readonly handleRejections?: boolean;
}

/** What it goes by of the logger that a record comes from. */
export interface GateLogger {
  readonly level?: string;
  readonly levels?: Levels;
}

/**
 * Whether a transport wants a record, by winston's rules: its own level, or else that of the logger. What the process
 * dies of passes any level, as in winston-transport's `_accept`.
 */
export function isWanted(info: Info, gate: Gate, logger: GateLogger | null | undefined): boolean {
  if (gate.silent) return false;
  if (info.exception === true) return gate.handleExceptions === true;
  if (info.rejection === true && gate.handleRejections === true) return true;
  const levels = logger?.levels ?? gate.levels;
  const level = gate.level || logger?.level;
  if (!level || levels === undefined) return true;
  return (levels[level] ?? Number.NaN) >= (levels[String(info[LEVEL])] ?? Number.NaN);
}

/** Says so if a transport's level is none of its logger's: by the rule above, nothing passes then. */
export function levelProblem(level: string | undefined, levels: Levels | undefined): string | undefined {
  if (!level || levels === undefined || Object.hasOwn(levels, level)) return undefined;
  const known = Object.keys(levels).join(', ');
  return `the transport's level "${level}" is none of the logger's levels (${known}), so it takes no record. Give it one of those.`;
}
