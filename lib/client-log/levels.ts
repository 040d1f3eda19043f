import type { logLevel } from 'kafkajs';

/** How much of a Kafka client's own log is let through: the named level and the more severe ones. */
export type ClientLogLevel = 'nothing' | 'error' | 'warn' | 'info' | 'debug';

/** The level of one line. */
export type ClientLineLevel = Exclude<ClientLogLevel, 'nothing'>;

/** The level names with kafkajs's own numbers (`logLevel`; there is no 3). */
const SEVERITY: Readonly<Record<ClientLogLevel, number>> = {
  nothing: 0,
  error: 1,
  warn: 2,
  info: 4,
  debug: 5,
};

export const CLIENT_LOG_LEVELS: readonly ClientLogLevel[] = Object.keys(SEVERITY) as ClientLogLevel[];

const LINE_LEVELS = ['error', 'warn', 'info'] as const;

/** What kafkajs calls a level. A number of its own, and not of its `logLevel`: it need not be loaded for it. */
export function kafkajsLevel(level: ClientLogLevel = 'warn'): logLevel {
  return SEVERITY[level] as logLevel;
}

/**
 * The level name of a kafkajs log entry's number.
 *
 * 0 (`NOTHING`) is not meant to be logged at; kafkajs's documentation maps it to `error`. What is no number is
 * `warn`: a line that cannot be classed is worth seeing.
 */
export function lineLevel(level: unknown): ClientLineLevel {
  if (typeof level !== 'number') return 'warn';
  return LINE_LEVELS.find((name) => level <= SEVERITY[name]) ?? 'debug';
}

/** Whether a line of `level` passes a sink that lets `limit` and the more severe through. */
export function passes(level: ClientLineLevel, limit: ClientLogLevel): boolean {
  return SEVERITY[level] <= SEVERITY[limit];
}
