import { onOneLine } from '../client-log/line.ts';
import { attempt, jsonObjectOf } from '../util/safely.ts';
import type { Colour, Screen } from './screen.ts';

// winston's npm levels and those of syslog, by how severe they are.
const SEVERITIES: Readonly<Record<string, number>> = {
  emerg: 0,
  alert: 0,
  crit: 0,
  fatal: 0,
  error: 0,
  warn: 1,
  warning: 1,
  notice: 2,
  info: 2,
  http: 3,
  verbose: 4,
  debug: 5,
  silly: 6,
  trace: 6,
};

const COLOURS: readonly Colour[] = ['red', 'yellow', 'green', 'cyan', 'cyan', 'grey', 'grey'];

// Colours of winston's `colorize`, which may stand around a level.
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for.
const COLOUR_CODES = /\u001b\[[\d;]*m/g;

export const LEVELS: readonly string[] = Object.keys(SEVERITIES);

/** @param level in small letters or capitals; nothing: of a text without one */
export function severityOf(level: string = ''): number | undefined {
  const name = level.toLowerCase();
  return Object.hasOwn(SEVERITIES, name) ? SEVERITIES[name] : undefined;
}

export interface ShownRecord {
  /** Epoch milliseconds. */
  readonly time: number;
  /** Nothing, where the text is not JSON with a level in it. */
  readonly level: string | undefined;
  readonly text: string;
}

/** What is shown of a record: of JSON the level, the message, and the other fields behind it. */
export function shownRecord(time: number, value: string): ShownRecord {
  const fields = jsonObjectOf(value);
  if (typeof fields?.level !== 'string') return { time, level: undefined, text: value };
  const { level, message, timestamp: _, ...others } = fields;
  const said = typeof message === 'string' ? message : JSON.stringify(message ?? '');
  const more = Object.keys(others).length === 0 ? '' : ` ${JSON.stringify(others)}`;
  return { time, level: level.replaceAll(COLOUR_CODES, ''), text: said + more };
}

/** A record on one line, coloured by its level. */
export function recordLine({ time, level, text }: ShownRecord, screen: Screen): string {
  const severity = severityOf(level);
  const colour = severity === undefined ? undefined : COLOURS[severity];
  const date = attempt(() => new Date(time).toISOString()) ?? String(time);
  const shownLevel = screen.paint(colour, onOneLine(level ?? '-').padEnd(7));
  return `${screen.paint('grey', date)} ${shownLevel} ${onOneLine(text)}`;
}

/** Less severe records are left out; those whose level is not known are not. */
export function isWanted(
  record: ShownRecord,
  least: number | undefined,
  pattern: RegExp | undefined,
): boolean {
  const severity = severityOf(record.level);
  if (least !== undefined && severity !== undefined && severity > least) return false;
  return pattern === undefined || pattern.test(record.text);
}
