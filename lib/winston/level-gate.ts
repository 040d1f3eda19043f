import { nearestOf } from '../util/check-option.ts';
import type { Info } from '../util/info.ts';
import { type Levels, levelOf } from '../util/info.ts';

/** The transport's fields that decide whether it wants a record, under winston's names. */
export interface Gate {
  readonly level?: string;
  readonly levels: Levels | undefined;
  readonly silent?: boolean;
  readonly handleExceptions?: boolean;
  readonly handleRejections?: boolean;
}

/** The fields of the record's logger that decide it too. */
export interface GateLogger {
  readonly level?: string;
  readonly levels?: Levels;
}

/**
 * Whether a transport wants a record, by winston's rules: its own level applies, or else the logger's. An uncaught
 * exception or unhandled rejection passes any level, as in winston-transport's `_accept`.
 */
export function isWanted(info: Info, gate: Gate, logger: GateLogger | null | undefined): boolean {
  if (gate.silent) return false;
  if (info.exception === true) return gate.handleExceptions === true;
  if (info.rejection === true && gate.handleRejections === true) return true;
  const levels = logger?.levels ?? gate.levels;
  const level = gate.level || logger?.level;
  if (!level || levels === undefined) return true;
  return (levels[level] ?? Number.NaN) >= (levels[levelOf(info)] ?? Number.NaN);
}

/**
 * Describes the problem if the logger has no level of this name: by the rule above, no record passes then.
 *
 * @param isOwn whether it is the transport's own level; otherwise it is the logger's
 */
export function levelProblem(level: string | undefined, levels: Levels, isOwn: boolean): string | undefined {
  if (!level || Object.hasOwn(levels, level)) return undefined;
  const [whose, of, who] = isOwn
    ? ["the transport's level", "the logger's levels", 'it takes']
    : ["the logger's level", 'its levels', 'the transport takes'];
  return `${whose} "${level}" is none of ${of} (${namesIn(levels)}), so ${who} no record. ${remedyFor(level, levels)} To take no record on purpose, set silent: true.`;
}

/** A level that an option names. */
export interface NamedLevel {
  /** Of the option. */
  readonly path: string;
  readonly level: string;
}

/** The same for a level name in `filter`, `sample` or `rateLimit`. */
export function namedLevelProblem({ path, level }: NamedLevel, levels: Levels): string | undefined {
  if (Object.hasOwn(levels, level)) return undefined;
  const effect = path.startsWith('filter') ? 'it counts as true there (every level)' : 'it has no effect';
  return `the level "${level}" in ${path} is none of the logger's levels (${namesIn(levels)}), so ${effect}. ${remedyFor(level, levels)}`;
}

function remedyFor(level: string, levels: Levels): string {
  // A level that is no text comes from JavaScript: `transport.level = 3`.
  const nearest = nearestOf(String(level), Object.keys(levels));
  return nearest === undefined ? 'Choose one of those.' : `Did you mean "${nearest}"?`;
}

function namesIn(levels: Levels): string {
  return Object.keys(levels).join(', ');
}
