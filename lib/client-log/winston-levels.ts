import type { ClientLineLevel } from './levels.ts';

/** winston's levels: name to number, 0 the most severe. */
export type LevelTable = Readonly<Record<string, number>>;

const NPM: Readonly<Record<ClientLineLevel, string>> = {
  error: 'error',
  warn: 'warn',
  info: 'info',
  debug: 'debug',
};

/** What else a level is called, best first: syslog has `warning`, others `trace`. */
const ALIASES: Readonly<Record<ClientLineLevel, readonly string[]>> = {
  error: ['error', 'err'],
  warn: ['warn', 'warning'],
  info: ['info', 'information', 'informational', 'notice'],
  debug: ['debug', 'trace', 'verbose', 'silly'],
};

/** Levels above an error: a Kafka client's trouble is no reason to wake somebody. */
const ABOVE_ERROR: ReadonlySet<string> = new Set([
  'fatal',
  'emerg',
  'emergency',
  'panic',
  'alert',
  'crit',
  'critical',
]);

/** How far down the logger's order a level without a namesake is looked for. */
const DEPTH: Readonly<Record<ClientLineLevel, number>> = { error: 0, warn: 1 / 3, info: 2 / 3, debug: 1 };

/**
 * The logger's own name for each of kafkajs's levels: the same name or an alias, whatever its case, else the
 * level at the same place in the logger's order. winston prints "Unknown logger level" for any other, and its
 * transports drop the record.
 */
export function matchLevels(levels: LevelTable): Readonly<Record<ClientLineLevel, string>> {
  const names = Object.keys(levels).sort((a, b) => (levels[a] ?? 0) - (levels[b] ?? 0));
  if (names.length === 0) return NPM;
  const usual = names.filter((name) => !ABOVE_ERROR.has(name.toLowerCase()));
  const order = usual.length === 0 ? names : usual;

  const match = (level: ClientLineLevel): string => {
    for (const alias of ALIASES[level]) {
      const name = names.find((candidate) => candidate.toLowerCase() === alias);
      if (name !== undefined) return name;
    }
    return order[Math.round(DEPTH[level] * (order.length - 1))] ?? NPM[level];
  };
  return { error: match('error'), warn: match('warn'), info: match('info'), debug: match('debug') };
}
