// What a record with a number looks like that has all that a record may have. Without vitest: programs of specs log them, too.

/** Texts of all lengths of UTF-8, among them an empty one, and one of several pages. */
export function textOf(number: number): string {
  const kinds = ['plain', 'Ümlaut', '漢字', '👍🏽', '\u0000\t"', 'x'.repeat(number), ''];
  return number % 700 === 0
    ? `${number} ${'long '.repeat(20_000)}`
    : `${number} ${kinds[number % kinds.length]}`;
}

export function keyOf(number: number): string | Buffer | null {
  if (number % 3 === 0) return null;
  return number % 3 === 1 ? `key-ü-${number % 17}` : Buffer.from([number % 11, 0, 255]);
}

export function headersOf(number: number): Record<string, string | Buffer | undefined> {
  if (number % 4 === 0) return {};
  return { number: String(number), empty: '', bytes: Buffer.from([0, 255, number % 256]), größe: undefined };
}
