// What winston's parts know an info by. The names and the symbols are those of the `triple-beam` package, which are in
// the global registry so that nobody needs the package for them.

/** An info as winston passes it on. */
export type Info = Record<string | symbol, unknown>;

/** The level that a record was logged at, whatever a format makes of `info.level`. */
export const LEVEL: unique symbol = Symbol.for('level') as never;
/** The text that the formats have written. */
export const MESSAGE: unique symbol = Symbol.for('message') as never;

/** The level of a record. `info.level` where winston has not set its own: what `logger.write()` and profiles pass on. */
export function levelOf(info: Info): string {
  return String(info[LEVEL] ?? info.level);
}

/** A logger's levels: lower numbers are more severe. */
export type Levels = Readonly<Record<string, number>>;
