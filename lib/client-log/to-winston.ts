import type { LogEntry, logCreator } from 'kafkajs';
import { fieldOf, namesIn } from '../util/safely.ts';
import { consoleOnlyLogCreator } from './console-only.ts';
import type { ClientLineLevel } from './levels.ts';
import { levelOf, takesNoMore, textOf } from './line.ts';

/** The part of a winston logger that is used; a `Logger` or a child of one fits. */
export interface WinstonLike {
  /** As winston's: takes an info. */
  log(info: { level: string; message: string; [field: string]: unknown }): unknown;
  levels?: LevelTable;
}

/**
 * Fields that are not the client's to set: those of every record, the two that make winston keep a record from
 * all transports but the ones that handle exceptions or rejections, and the two that are set below.
 */
const RESERVED: ReadonlySet<string> = new Set([
  'level',
  'message',
  'exception',
  'rejection',
  'namespace',
  'logger',
]);

/**
 * Makes a kafkajs `logCreator` for the *application's other* Kafka clients: their lines become records of
 * `logger`, and go wherever its records go, Kafka included. That is safe, because only the client that ships the
 * log records is special (see `consoleOnlyLogCreator`).
 *
 * A record has the client's `message` unchanged, `logger: 'kafkajs'`, `namespace` (`'Consumer'`, `'Connection'`, …)
 * and the client's extra fields (`groupId`, `broker`, `stack`, …) beside them. An extra named like a field that
 * winston needs is renamed: `level` to `kafkajsLevel`. The client's `timestamp` is left to the logger's format. How much
 * is logged is the client's `logLevel`, then the logger's `level`.
 *
 * Never throws. Lines of `warn` and above that the logger cannot take, because it has ended or throws, go to
 * stderr, each once and then counted.
 *
 * @example
 * const kafka = new Kafka({ clientId: 'shop', brokers, logCreator: winstonLogCreator(logger) });
 */
export function winstonLogCreator(logger: WinstonLike): logCreator {
  const levelName = levelNames(logger);
  const toConsole = consoleOnlyLogCreator();
  return (clientLevel) => {
    const fallback = toConsole(clientLevel);
    return (entry) => {
      try {
        if (takesNoMore(logger)) return fallback(entry);
        const { message, extras } = split(entry);
        const namespace = fieldOf(entry, 'namespace');
        logger.log({
          ...extras,
          ...(namespace === undefined || namespace === '' ? {} : { namespace: textOf(namespace) }),
          logger: 'kafkajs',
          level: levelName(levelOf(entry)),
          message,
        });
      } catch {
        // kafkajs calls this in the middle of connect and send, and lets what it throws through.
        fallback(entry);
      }
    };
  };
}

/** The level names are looked up anew when `logger.configure` has replaced the table. */
function levelNames(logger: WinstonLike): (level: ClientLineLevel) => string {
  let table: unknown;
  let names = matchLevels({});
  return (level) => {
    if (logger.levels !== table) {
      table = logger.levels;
      names = matchLevels(logger.levels ?? {});
    }
    return names[level];
  };
}

function split(entry: LogEntry): { message: string; extras: Record<string, unknown> } {
  const log: unknown = fieldOf(entry, 'log');
  const extras: [string, unknown][] = [];
  for (const name of namesIn(log)) {
    if (name === 'timestamp' || name === 'message') continue;
    if (name === 'logger' && fieldOf(log, name) === 'kafkajs') continue;
    const value = fieldOf(log, name);
    // An Error is `{}` in JSON; kafkajs itself gives `error: e.message` in all but two places.
    extras.push([RESERVED.has(name) ? renamed(name) : name, value instanceof Error ? textOf(value) : value]);
  }
  return { message: textOf(fieldOf(log, 'message') ?? '(no message)'), extras: Object.fromEntries(extras) };
}

function renamed(name: string): string {
  return `kafkajs${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/** winston's levels: name to number, 0 the most severe. */
export type LevelTable = Readonly<Record<string, number>>;

/** What else a level is called, best first: syslog has `warning`, others `trace`. */
const ALIASES: Readonly<Record<ClientLineLevel, readonly string[]>> = {
  error: ['error', 'err'],
  warn: ['warn', 'warning'],
  info: ['info', 'information', 'informational', 'notice'],
  debug: ['debug', 'trace', 'verbose', 'silly'],
};

/** Levels above an error: what goes wrong in a Kafka client is no emergency. */
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
  const usual = names.filter((name) => !ABOVE_ERROR.has(name.toLowerCase()));
  const order = usual.length === 0 ? names : usual;

  const match = (level: ClientLineLevel): string => {
    for (const alias of ALIASES[level]) {
      const name = names.find((candidate) => candidate.toLowerCase() === alias);
      if (name !== undefined) return name;
    }
    return order[Math.round(DEPTH[level] * (order.length - 1))] ?? level;
  };
  return { error: match('error'), warn: match('warn'), info: match('info'), debug: match('debug') };
}
