// What a field, a header or a variable that holds a secret is called.
const NAMES =
  'passw(?:or)?d|passphrase|pwd|secret|token|authori[sz]ation|credentials?|(?:api|access|private)[-_]?key|cookie';

const SECRET_NAME = new RegExp(`${NAMES}|^pass$|sasl`, 'i');

/** Whether what is called so may hold a secret. It errs on the side of silence. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

// `password=x`, `"password": "x y"`, and the same inside a JSON text. The name may go on (`passwordHash=`); the value is
// a quoted text or whatever comes before the next space: too much is masked rather than too little.
const SECRET_IN_TEXT = new RegExp(
  `((?:${NAMES})` +
    String.raw`[\w.-]{0,32}\\?["']?\s{0,3}[=:]\s{0,3})(?:(?:bearer|basic)\s{1,3})?(?:"(?:[^"\\]|\\.)*"?|\\"(?:(?!\\").)*(?:\\")?|'[^']*'?|[^\s"']\S*)`,
  'gis',
);
const BEARER = /\b(bearer\s{1,3})[\w.~+/=-]{16,}/gi;
const URL_LOGIN = /(:\/\/)[^\s/]{1,256}@/g;

/** `text` without the secrets that can be told by their form. */
export function withoutSecrets(text: string): string {
  return text.replace(SECRET_IN_TEXT, '$1***').replace(BEARER, '$1***').replace(URL_LOGIN, '$1***@');
}
