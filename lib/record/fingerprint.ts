import type { CallSite } from '../loop-safety/call-site/call-site.ts';
import type { Info } from '../util/info.ts';

// A record that comes back is often wrapped in another ("heard: heard: …"): its first words are the same in each round,
// its length is not.
const MAX_WORDS = 4;
const MAX_LETTERS = 160;
const MAX_KEYS = 12;

/** What differs between two records of one kind: quoted text (also if its end is cut off), ids, numbers. */
const VARIABLE = /(?<!\w)(["'`])(?:(?!\1)[^\\]|\\.)*(?:\1|\\?$)|[\w-]*\d[\w.:,+-]*|\b[a-f]{8,}\b/gi;

/** The fields in which applications name the part of themselves that logs. */
const LABELS = ['label', 'service', 'logger', 'module', 'namespace'] as const;

/**
 * The kind of a record, as a readable text: `info api "order # paid" {order, ms}`. It is the same for all records of one
 * log statement. Never throws, whatever getters the info has.
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

/** The name that the application gives the part of itself that logs, if any. */
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
  // Remove closing brackets, because they are missing where the text was cut off.
  return words.join(' ').replace(/[\])}]+$/, '');
}
