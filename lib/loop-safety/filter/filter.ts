import { isPlainObject, nearestOf } from '../../util/check-option.ts';
import type { Levels } from '../../util/info.ts';
import { isObject } from '../../util/safely.ts';
import { handleRejection } from '../../util/thenable.ts';
import type { FilterRecord } from './filter-record.ts';

export type { FilterRecord } from './filter-record.ts';

/**
 * Decides, per record, whether a transport takes it. After loguru's `filter`
 * (https://github.com/Delgan/loguru/blob/master/loguru/_filters.py), with '/' between the segments of a module.
 *
 * | form | takes a record when |
 * | --- | --- |
 * | a function | it returns something truthy |
 * | `'src/db'` | its module is `src/db` or below; `''`: it has a module at all |
 * | a {@link FilterTable} | the nearest module named in it allows the record's level |
 * | {@link not}, {@link anyOf}, {@link allOf}, {@link fromFunction} | combined |
 */
export type RecordFilter = ((record: FilterRecord) => unknown) | string | FilterTable | CombinedFilter;

/**
 * Module to what it may log: `false` nothing, `true` everything, a level name that severity and above. Of several
 * that match the longest counts alone, so a child can be opened under a closed parent. `''` is the root, which is above
 * every module, and what has none. Where nothing matches the record is taken.
 */
export type FilterTable = Readonly<Record<string, boolean | string>>;

// Registered, so that a filter made by one copy of the package (ESM, say) is known to the other (CommonJS).
const COMBINATION: unique symbol = Symbol.for('winston-kafkajs.filter.1') as never;

/** Made by {@link not}, {@link anyOf}, {@link allOf} and {@link fromFunction}. */
export interface CombinedFilter {
  readonly [COMBINATION]: Combination;
}

type Combination =
  | { readonly kind: 'not'; readonly filter: RecordFilter }
  | { readonly kind: 'anyOf' | 'allOf'; readonly filters: readonly RecordFilter[] }
  | { readonly kind: 'fromFunction'; readonly names: readonly string[] };

/** Takes what `filter` does not. */
export function not(filter: RecordFilter): CombinedFilter {
  return combined({ kind: 'not', filter });
}

/** Takes what at least one of the filters takes; without any, nothing. */
export function anyOf(...filters: readonly RecordFilter[]): CombinedFilter {
  return combined({ kind: 'anyOf', filters });
}

/** Takes what all of the filters take; without any, everything. */
export function allOf(...filters: readonly RecordFilter[]): CombinedFilter {
  return combined({ kind: 'allOf', filters });
}

/**
 * Takes what was logged by a function of one of these names, wherever it is defined.
 *
 * @example
 * filter: not(fromFunction('kafkaSink'))
 */
export function fromFunction(...names: readonly string[]): CombinedFilter {
  return combined({ kind: 'fromFunction', names });
}

function combined(combination: Combination): CombinedFilter {
  return Object.freeze({ [COMBINATION]: combination });
}

/** A filter that has been checked and copied: later changes to what it was made from do nothing. */
export interface CompiledFilter {
  /** Whether it may read the call site of a record. */
  readonly needsSite: boolean;
  /** Each level name in it, and where. */
  readonly levels: readonly RuleLevel[];
  /**
   * Whether the record is taken.
   *
   * @param levels of the logger, by which the names in a table are compared; a rule whose level the logger does
   * not have takes the record
   * @throws what a function of the caller's throws
   */
  test(record: FilterRecord, levels: Levels): boolean;
}

/** A level name in a table: `path` is that of the rule, `filter["src/db"]`. */
export interface RuleLevel {
  readonly path: string;
  readonly level: string;
}

type Part = Pick<CompiledFilter, 'needsSite' | 'test'>;

/** What is wrong with a filter: `path` is that of the offending part, `filter.anyOf[1]["src/db"]`. */
export interface FilterProblem {
  readonly path: string;
  readonly expected: string;
  readonly given: unknown;
}

type Fail = (problem: FilterProblem) => never;

/**
 * The level names of winston's npm, syslog and cli configurations (triple-beam/config, which winston re-exports as
 * `winston.config`). At construction a transport has no logger yet, so a name is held to be right if one of them has it.
 */
export const WINSTON_LEVELS: readonly string[] = [
  ...['error', 'warn', 'info', 'http', 'verbose', 'debug', 'silly'],
  ...['emerg', 'alert', 'crit', 'warning', 'notice'],
  ...['help', 'data', 'prompt', 'input'],
];

/**
 * Checks a filter and makes a predicate of it, once, at construction.
 *
 * @param levels by whose names a table may go
 * @default winston's npm, syslog and cli levels
 * @param fail called with the first thing that is wrong; has to throw
 */
export function compileFilter(filter: RecordFilter, levels: Levels | undefined, fail: Fail): CompiledFilter {
  const levelNames = new Set(levels === undefined ? WINSTON_LEVELS : Object.keys(levels));
  const used: RuleLevel[] = [];
  return { ...compile(filter, 'filter', { levelNames, used, fail }), levels: used };
}

interface Context {
  readonly levelNames: ReadonlySet<string>;
  /** Gathers what the tables name. */
  readonly used: RuleLevel[];
  readonly fail: Fail;
}

// Typed as what callers without TypeScript may give.
function compile(filter: unknown, path: string, context: Context): Part {
  if (typeof filter === 'function') return byAnswer(filter as (record: FilterRecord) => unknown);
  if (typeof filter === 'string') return byModule(filter, path, context);
  if (isCombined(filter)) return combine(filter[COMBINATION], path, context);
  if (isPlainObject(filter)) return byTable(filter, path, context);
  const expected = 'a function, a module, an object from module to level, or a combination of these';
  return context.fail({ path, expected, given: filter });
}

function isCombined(filter: unknown): filter is CombinedFilter {
  return isObject(filter) && Object.hasOwn(filter, COMBINATION);
}

function combine(combination: Combination, path: string, context: Context): Part {
  if (combination.kind === 'fromFunction') return byFunction(combination.names, path, context);
  if (combination.kind === 'not') {
    const { needsSite, test } = compile(combination.filter, `${path}.not`, context);
    return { needsSite, test: (record, levels) => !test(record, levels) };
  }
  const { kind, filters } = combination;
  const parts = filters.map((part, index) => compile(part, `${path}.${kind}[${index}]`, context));
  return {
    needsSite: parts.some((part) => part.needsSite),
    test:
      kind === 'anyOf'
        ? (record, levels) => parts.some((part) => part.test(record, levels))
        : (record, levels) => parts.every((part) => part.test(record, levels)),
  };
}

function byFunction(names: readonly unknown[], path: string, { fail }: Context): Part {
  for (const [index, name] of names.entries()) {
    if (typeof name !== 'string') {
      fail({ path: `${path}.fromFunction[${index}]`, expected: 'the name of a function', given: name });
    }
  }
  const wanted = new Set(names);
  return { needsSite: true, test: (record) => wanted.has(record.function) };
}

function byAnswer(filter: (record: FilterRecord) => unknown): Part {
  return { needsSite: true, test: (record) => isYes(filter(record)) };
}

function isYes(answer: unknown): boolean {
  // An async function: its answer comes too late to be one, and must not end the process by being rejected.
  handleRejection(answer);
  return Boolean(answer);
}

// No module of a record has these: a filter with them would match nothing, and say nothing.
const NO_MODULE = /^\.\/|\\/;

function checkModule(module: string, path: string, { fail }: Context): void {
  if (NO_MODULE.test(module))
    fail({ path, expected: 'a module as record.module has it, such as "src/db"', given: module });
}

function byModule(module: string, path: string, context: Context): Part {
  checkModule(module, path, context);
  if (module === '') return { needsSite: true, test: (record) => record.module !== '' };
  const parent = `${module}/`;
  return {
    needsSite: true,
    test: (record) => record.module === module || record.module.startsWith(parent),
  };
}

function byTable(table: Readonly<Record<string, unknown>>, path: string, context: Context): Part {
  const { levelNames, used, fail } = context;
  // A Map: a module may be called `constructor` or `__proto__`.
  const rules = new Map<string, boolean | string>();
  for (const [module, rule] of Object.entries(table)) {
    const rulePath = `${path}[${JSON.stringify(module)}]`;
    checkModule(module, rulePath, context);
    const isRule = typeof rule === 'boolean' || (typeof rule === 'string' && levelNames.has(rule));
    if (!isRule) {
      const names = [...levelNames];
      const nearest = typeof rule === 'string' ? nearestOf(rule, names) : undefined;
      const hint = nearest === undefined ? '' : `; did you mean "${nearest}"?`;
      const expected = `true, false or the name of a level (${names.join(', ')})${hint}`;
      fail({ path: rulePath, expected, given: rule });
    }
    if (typeof rule === 'string') used.push({ path: rulePath, level: rule });
    rules.set(module, rule as boolean | string);
  }
  return {
    needsSite: true,
    test: (record, levels) => {
      const rule = nearest(rules, record.module);
      return typeof rule === 'boolean' ? rule : isSevereEnough(record.severity, rule, levels);
    },
  };
}

function nearest(rules: ReadonlyMap<string, boolean | string>, module: string): boolean | string {
  for (let name = module; ; name = name.slice(0, Math.max(0, name.lastIndexOf('/')))) {
    const rule = rules.get(name);
    if (rule !== undefined) return rule;
    if (name === '') return true;
  }
}

function isSevereEnough(severity: number, level: string, levels: Levels): boolean {
  const least = Object.hasOwn(levels, level) ? levels[level] : undefined;
  // Put this way round, a record whose severity is not known (NaN) is taken.
  return least === undefined || !(severity > least);
}
