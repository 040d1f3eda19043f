// Which functions ran, told by V8's precise coverage: only what was called since the last look is counted.
import { type Profiler, Session } from 'node:inspector';

/** What ran of one file. */
export interface FileCalls {
  readonly path: string;
  /** Each function that was called, by its place in the file. */
  readonly functions: readonly number[];
  readonly calls: number;
}

export class CallCounts {
  readonly #session = new Session();
  readonly #root: string;

  /** @param root the URL that a file has to begin with, to be counted */
  constructor(root: string) {
    this.#root = root;
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  }

  /** What ran since the last take, the busiest file first. V8 sets its counters back to zero. */
  take(): FileCalls[] {
    let scripts: Profiler.ScriptCoverage[] = [];
    // Within one thread the answer comes before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error;
      scripts = result;
    });
    return scripts
      .filter(({ url }) => url.startsWith(this.#root))
      .map(({ url, functions }) => callsIn(url.slice(this.#root.length), functions))
      .filter(({ calls }) => calls > 0)
      .sort(busiestFirst);
  }

  stop(): void {
    this.#session.disconnect();
  }
}

export const busiestFirst = (a: FileCalls, b: FileCalls): number =>
  b.calls - a.calls || a.path.localeCompare(b.path);

function callsIn(path: string, functions: readonly Profiler.FunctionCoverage[]): FileCalls {
  const called = functions
    .filter(({ functionName, ranges }) => !isNoFunctionOfTheFile(functionName, ranges))
    .flatMap(({ ranges }) => ranges.slice(0, 1))
    .filter(({ count }) => count > 0);
  return {
    path,
    functions: called.map(({ startOffset }) => startOffset),
    calls: called.reduce((sum, { count }) => sum + count, 0),
  };
}

/** The body of a script has no name and begins at 0; `__name` is a helper that tsx puts into each file. */
function isNoFunctionOfTheFile(name: string, ranges: readonly Profiler.CoverageRange[]): boolean {
  return name === '__name' || (name === '' && ranges[0]?.startOffset === 0);
}
