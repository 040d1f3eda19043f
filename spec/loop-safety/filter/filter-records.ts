import type { FilterProblem, FilterRecord } from '../../../lib/loop-safety/filter/filter.ts';

/** winston's npm levels. */
export const NPM = { error: 0, warn: 1, info: 2, http: 3, verbose: 4, debug: 5, silly: 6 };

/** A record as loguru's filter tests log it: at debug, in `tests/test_add_option_filter`. */
export function record(fields: Partial<FilterRecord> = {}): FilterRecord {
  const level = fields.level ?? 'debug';
  return {
    function: 'test_filtered',
    module: 'tests/test_add_option_filter',
    file: '/app/tests/test_add_option_filter.ts',
    line: 1,
    column: 1,
    level,
    severity: (NPM as Record<string, number>)[level] ?? Number.MAX_SAFE_INTEGER,
    message: 'Test Filter',
    time: 0,
    extra: {},
    exception: undefined,
    process: { id: 1, name: 'node' },
    thread: { id: 0, name: 'main' },
    ...fields,
  };
}

/** What a filter is refused with. */
export class Refused extends Error {
  readonly problem: FilterProblem;

  constructor(problem: FilterProblem) {
    super(`${problem.path} must be ${problem.expected}`);
    this.problem = problem;
  }
}

export function refuse(problem: FilterProblem): never {
  throw new Refused(problem);
}
