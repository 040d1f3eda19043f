import { flag, group, integer, oneOf, throwInvalidOption } from '../util/check-option.ts';

/** The options that one stands among, as they were given. */
export type Beside = Readonly<Record<string, unknown>>;

/** Throws where the value is wrong, and puts the default in. */
type Check<Value> = (path: string, given: unknown, beside: Beside) => Value;

/** One option: its check, and its row in the README. */
export class Option<Value> {
  readonly check: Check<Value>;
  /** What it is when it is left out, where that is a value. */
  readonly fallback: unknown;
  /** The names in it, where it is a group. */
  readonly names: readonly string[];
  meaning = '';
  /** The default in a word, instead of the fallback. */
  word: string | undefined;

  constructor(check: Check<Value>, fallback?: unknown, names: readonly string[] = []) {
    this.check = check;
    this.fallback = fallback;
    this.names = names;
  }

  means(meaning: string, word?: string): this {
    this.meaning = meaning;
    this.word = word;
    return this;
  }
}

/** An option that stays what it was, once it is checked. */
export function kept(isRight: (given: unknown) => boolean, rule: string): Option<never> {
  return new Option((path, given) => {
    if (!isRight(given)) throwInvalidOption(path, rule, given);
    return given as never;
  });
}

export function optional(isRight: (given: unknown) => boolean, rule: string): Option<never> {
  return kept((given) => given === undefined || isRight(given), rule);
}

export function unchecked(names?: readonly string[]): Option<never> {
  return new Option((_, given) => given as never, undefined, names);
}

export function flagOf(fallback: boolean): Option<boolean> {
  return new Option((path, given) => flag(path, given, fallback), fallback);
}

export function integerOf(fallback: number, least: number, most?: number): Option<number> {
  return new Option((path, given) => integer(path, given, fallback, least, most), fallback);
}

export function choiceOf<Value>(values: readonly Value[], fallback: Value): Option<Value> {
  return new Option((path, given) => oneOf(path, given, values, fallback), fallback);
}

type Members<Values> = { readonly [Name in keyof Values]: Option<Values[Name]> };

export function groupOf<Values extends object>(members: Members<Values>): Option<Values> {
  const entries = Object.entries<Option<unknown>>(members as Members<Record<string, unknown>>);
  const names = Object.keys(members);
  const fallbacks = entries.map(([name, { fallback }]) => [name, fallback]);
  return new Option(
    (path, given) => {
      const values = group(path, given, names);
      const checked = entries.map(([name, { check }]) => [
        name,
        check(`${path}.${name}`, values[name], values),
      ]);
      return Object.fromEntries(checked) as Values;
    },
    Object.fromEntries(fallbacks.filter(([, fallback]) => fallback !== undefined)),
    names,
  );
}

export function optionalGroup<Values extends object>(members: Members<Values>): Option<Values | undefined> {
  const { check, names } = groupOf(members);
  return new Option(
    (path, given, beside) => (given === undefined ? undefined : check(path, given, beside)),
    undefined,
    names,
  );
}
