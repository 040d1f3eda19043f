import type { CallSite } from '../loop-safety/call-site/call-site.ts';
import type { Info } from '../util/info.ts';

// A record that comes back is often wrapped in another ("heard: heard: …"): its first words are the same in each round,
// its length is not.
const MAX_WORDS = 4;
const MAX_LETTERS = 160;
const MAX_KEYS = 12;

/** What differs between two records of one kind: quoted text (to its end, or that of what is looked at), ids, numbers. */
const VARIABLE = /(?<!\w)(["'`])(?:(?!\1)[^\\]|\\.)*(?:\1|\\?$)|[\w-]*\d[\w.:,+-]*|\b[a-f]{8,}\b/gi;

/** Under which of these an application names the part of itself that logs. */
const LABELS = ['label', 'service', 'logger', 'module', 'namespace'] as const;

/**
 * Which kind of record it is, as a text that a person understands: `info api "order # paid" {order, ms}`. Two records
 * of one log statement have the same; never throws, whatever getters the info has.
 *
 * @param origin the call site, where it was captured anyway
 */
export function fingerprintOf(info: Info, level: string, text: string, origin: CallSite | undefined): string {
  try {
    const message = typeof info.message === 'string' ? info.message : text;
    const keys = Object.keys(info).filter((name) => name !== 'level' && name !== 'message');
    const parts = [
      level,
      ...LABELS.map((name) => info[name]).filter((label) => typeof label === 'string'),
      ...(origin === undefined ? [] : [`${origin.module}:${origin.function}`]),
      `"${shapeOf(message)}"`,
      ...(keys.length === 0 ? [] : [`{${keys.slice(0, MAX_KEYS).join(', ')}}`]),
    ];
    return parts.join(' ');
  } catch {
    return `${level} (a record that cannot be read)`;
  }
}

/** What an application calls the part of itself that logs, if it does. */
export function labelOf(info: Info): string | undefined {
  return LABELS.map((name) => info[name]).find((label): label is string => typeof label === 'string');
}

/** The first words of a message, without what differs from record to record. */
export function shapeOf(message: string): string {
  const words: string[] = [];
  for (const word of message.slice(0, MAX_LETTERS).replaceAll(VARIABLE, '#').split(/\s+/)) {
    if (word !== '' && word !== words.at(-1)) words.push(word);
    if (words.length === MAX_WORDS) break;
  }
  // Where the text was cut off, brackets that would close are missing.
  return words.join(' ').replace(/[\])}]+$/, '');
}
