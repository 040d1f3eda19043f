import { fieldOf, namesIn } from '../util/safely.ts';
import { isSecretName, withoutSecrets } from '../util/secret-names.ts';
import { type ClientLineLevel, lineLevel } from './levels.ts';

/** One line of a Kafka client, made safe: no secrets, no control characters, everything short. */
export interface ClientLine {
  level: ClientLineLevel;
  /** `Connection`, `Consumer`, …; empty for the client itself. */
  namespace: string;
  message: string;
  /** What the client added, as far as it is text, a number or a boolean: `broker` and `clientId` first, `stack` last. */
  extras: Record<string, string | number | boolean>;
}

/** Longest line in UTF-16 units, hence at most 3,000 bytes: below `PIPE_BUF`, see stderr.ts. */
const MAX_LINE = 1_000;
const MAX_MESSAGE = 800;
const MAX_VALUE = 200;
const MAX_NAME = 60;
const MAX_EXTRAS = 20;
/** What the masking patterns are run over: a message may be a whole response. */
const MAX_READ = 4_000;

/** `timestamp` and `logger` are the same in every entry; `message` is the line itself. */
const NOT_EXTRAS: ReadonlySet<string> = new Set(['timestamp', 'logger', 'message']);
const FIRST = ['broker', 'clientId'];

function safeText(value: unknown, max: number): string {
  return cut(onOneLine(withoutSecrets(textOf(value).slice(0, MAX_READ))), max);
}

/**
 * Whether a winston logger's stream takes no more. A write to it emits `error`, which is the application's crash
 * where nobody listens. Objects that are no streams have never ended.
 */
export function takesNoMore(logger: unknown): boolean {
  return fieldOf(logger, 'writable') === false || fieldOf(logger, 'destroyed') === true;
}

/** The level of a kafkajs log entry. Cheap: asked of every entry, before anything else of it is read. */
export function levelOf(entry: unknown): ClientLineLevel {
  return lineLevel(fieldOf(entry, 'level'));
}

/**
 * Reads a kafkajs log entry. Objects among the extras (assignments, responses, buffers) are left out; `stack`
 * is kept when `withStack` is set.
 */
export function readEntry(entry: unknown, withStack: boolean): ClientLine {
  const log = fieldOf(entry, 'log');
  const namespace = fieldOf(entry, 'namespace');
  const message = safeText(fieldOf(log, 'message') ?? '(no message)', MAX_MESSAGE);

  const names = namesIn(log).filter((name) => !NOT_EXTRAS.has(name) && !isSecretName(name));
  const ordered = [
    ...FIRST.filter((name) => names.includes(name)),
    ...names.filter((name) => !FIRST.includes(name) && name !== 'stack'),
    ...(withStack && names.includes('stack') ? ['stack'] : []),
  ];
  const extras: [string, string | number | boolean][] = [];
  for (const name of ordered) {
    if (extras.length >= MAX_EXTRAS) break;
    const value = plainValue(fieldOf(log, name), name === 'stack' ? MAX_LINE : MAX_VALUE);
    // kafkajs repeats the error's message in the line's: `Connection error: ${error.message}`.
    if (value === undefined || (name === 'error' && message.includes(String(value)))) continue;
    extras.push([safeText(name, MAX_NAME), value]);
  }
  return {
    level: levelOf(entry),
    namespace: namespace === undefined || namespace === null ? '' : safeText(namespace, MAX_NAME),
    message,
    extras: Object.fromEntries(extras),
  };
}

function plainValue(value: unknown, max: number): string | number | boolean | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'string' || typeof value === 'bigint' || value instanceof Error)
    return safeText(value, max);
  return undefined;
}

/** `[kafkajs/Connection] Connection error: …`: the line's text without its time, level and extras. */
export function headline({ namespace, message }: Pick<ClientLine, 'namespace' | 'message'>): string {
  return `[kafkajs${namespace === '' ? '' : `/${namespace}`}] ${message}`;
}

function pair([name, value]: [string, string | number | boolean]): string {
  const text = String(value);
  // Quoted where the end of the value could not be told.
  return `${name.replace(/[^\w.-]/g, '_')}=${/^[^\s"=]+$/.test(text) ? text : JSON.stringify(text)}`;
}

/** The whole line for people: `<time> WARN <text> broker=… clientId=…<suffix>`, without a line end. */
export function formatLine(
  at: number,
  level: ClientLineLevel,
  text: string,
  extras: ClientLine['extras'] = {},
  suffix = '',
): string {
  const stamp = new Date(at).toISOString();
  const pairs = Object.entries(extras).map((entry) => ` ${pair(entry)}`);
  return cut(`${stamp} ${level.toUpperCase()} ${text}${pairs.join('')}`, MAX_LINE) + suffix;
}

/** A text of this package's own, made safe like a client's: it may quote an error's message. */
export function ownText(message: unknown): string {
  return safeText(message, MAX_LINE);
}

/** The text of anything at all; never throws. */
export function textOf(value: unknown): string {
  try {
    return value instanceof Error ? String(value.message) : String(value);
  } catch {
    // A `toString` that throws, or an object without one.
    return '(unreadable)';
  }
}

// Characters that could end the line, move the cursor, colour the terminal or reorder what is read: the C0
// and C1 controls, the Unicode line ends, the bidirectional overrides.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** `text` on one line: a broker's or an attacker's text cannot forge a second log line. */
export function onOneLine(text: string): string {
  return text.replace(
    UNSAFE,
    (char) => SHORT[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** `text` cut to `max` UTF-16 units, with `…` as its last where something was cut. */
export function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`;
}
