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
