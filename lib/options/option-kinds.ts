import { MAX_DELAY_MS } from '../time/clock.ts';
import { flag, group, integer, oneOf, throwInvalidOption } from '../util/check-option.ts';

/** The options that one stands among, as they were given. */
export type Beside = Readonly<Record<string, unknown>>;

/** Throws where the value is wrong, and puts the default in. */
type Check<Value> = (path: string, given: unknown, beside: Beside) => Value;

/** What JSON Schema says of a value. */
export type Schema = Readonly<Record<string, unknown>>;

/** One option: its check, its row in the README, and what the JSON schema says of it. */
export class Option<Value> {
  readonly check: Check<Value>;
  /** What it is when it is left out, where that is a value. */
  readonly fallback: unknown;
  /** The names in it, where it is a group. */
  readonly names: readonly string[];
  meaning = '';
  /** The default in a word, instead of the fallback. */
  word: string | undefined;
  /** Of a flag, a number or a choice; schema.ts has those of all others. */
  schema: Schema | undefined;
  /** The options in it, where it is a group that is made of options. */
  members: Readonly<Record<string, Option<unknown>>> | undefined;

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

  as(schema: Schema): this {
    this.schema = schema;
    return this;
  }

  of(members: Readonly<Record<string, Option<unknown>>>): this {
    this.members = members;
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
  const option = new Option((path, given) => flag(path, given, fallback), fallback);
  return option.as({ type: 'boolean' });
}

export function integerOf(fallback: number, least: number, most: number = MAX_DELAY_MS): Option<number> {
  const option = new Option((path, given) => integer(path, given, fallback, least, most), fallback);
  return option.as({ type: 'integer', minimum: least, maximum: most });
}

export function choiceOf<Value>(values: readonly Value[], fallback: Value): Option<Value> {
  return new Option((path, given) => oneOf(path, given, values, fallback), fallback).as({ enum: values });
}

type Members<Values> = { readonly [Name in keyof Values]: Option<Values[Name]> };

export function groupOf<Values extends object>(members: Members<Values>): Option<Values> {
  const options = members as Members<Record<string, unknown>>;
  const entries = Object.entries<Option<unknown>>(options);
  const names = Object.keys(members);
  const fallbacks = entries.map(([name, { fallback }]) => [name, fallback]);
  const option = new Option(
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
  return option.of(options);
}

export function optionalGroup<Values extends object>(members: Members<Values>): Option<Values | undefined> {
  const { check, names } = groupOf(members);
  const option = new Option(
    (path, given, beside: Beside) => (given === undefined ? undefined : check(path, given, beside)),
    undefined,
    names,
  );
  return option.of(members as Members<Record<string, unknown>>);
}
