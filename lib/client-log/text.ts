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

const SECRET_KEY =
  /passw(?:or)?d|passphrase|^pass$|pwd|secret|token|sasl|authori[sz]ation|credential|(?:api|access|private)[-_]?key|cookie/i;

/** Whether a field of this name may hold a secret. It errs on the side of silence. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key);
}

// `password=x`, `"password": "x y"`, and the same inside a JSON text. The name may go on (`passwordHash=`); the value is
// a quoted text or whatever comes before the next space: too much is masked rather than too little.
const SECRET_IN_TEXT =
  /((?:passw(?:or)?d|passphrase|pwd|secret|token|authori[sz]ation|credentials?|(?:api|access|private)[-_]?key|cookie)[\w.-]{0,32}\\?["']?\s{0,3}[=:]\s{0,3})(?:(?:bearer|basic)\s{1,3})?(?:"(?:[^"\\]|\\.)*"?|\\"(?:(?!\\").)*(?:\\")?|'[^']*'?|[^\s"']\S*)/gis;
const BEARER = /\b(bearer\s{1,3})[\w.~+/=-]{16,}/gi;
const URL_LOGIN = /(:\/\/)[^\s/@]{1,256}@/g;

/** `text` without the secrets that can be told by their form. */
export function withoutSecrets(text: string): string {
  return text.replace(SECRET_IN_TEXT, '$1***').replace(BEARER, '$1***').replace(URL_LOGIN, '$1***@');
}
