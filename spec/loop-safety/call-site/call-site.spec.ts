import { readFileSync } from 'node:fs';
import { createRequire, SourceMap } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import winston from 'winston';
import { CapturedSite, captured } from '../../../lib/loop-safety/call-site/call-site.ts';
import type { ScriptFile } from '../../../lib/loop-safety/call-site/script-file.ts';
import { siteBelow, sitedLogger, sitesOf } from './fixtures/sited-logger.ts';

type Caller = (logger: winston.Logger | typeof winston) => unknown;

// By Node's own loader: vitest's would put the fixtures' code into functions of its making.
const require = createRequire(import.meta.url);
const { cases, ways } = require('./fixtures/callers.cjs') as {
  cases: readonly [name: string, run: Caller, module?: string][];
  ways: readonly [way: string, run: Caller][];
};
const MODULE = 'spec/loop-safety/call-site/fixtures/callers';
const FILE = join(import.meta.dirname, 'fixtures/callers.cjs');
const PLAIN_LINE = readFileSync(FILE, 'utf8').split('\n').indexOf('function plain(logger) {') + 2;

const UNKNOWN = { function: '<anonymous>', module: '', file: '', line: 0, column: 0 };

function plain(site: CapturedSite | undefined): typeof UNKNOWN | undefined {
  if (site === undefined) return undefined;
  return {
    function: site.function,
    module: site.module,
    file: site.file,
    line: site.line,
    column: site.column,
  };
}

describe('the call site of a winston record', () => {
  it.each(cases)('%s (%s)', async (name, run, module = MODULE) => {
    const { logger, sites } = sitedLogger();
    await run(logger);
    expect(sites).toHaveLength(1);
    expect(sites[0]).toMatchObject({ function: name, module });
  });

  it.each(ways)('is found for logger.%s', (_, run) => {
    const { logger, sites } = sitedLogger();
    run(logger);
    expect(sites[0]).toMatchObject({ function: 'way', module: MODULE, file: FILE });
  });

  it.each([1, 2, 3, 8, 40, 200].flatMap((depth) => ways.map(([way, run]) => [depth, way, run] as const)))(
    'is right the first time for a child %i deep, logger.%s',
    (depth, _, run) => {
      const { logger, sites } = sitedLogger();
      let child = logger;
      for (let i = 0; i < depth; i++) child = child.child({ [`depth${i}`]: i });
      run(child);
      expect(sites[0]).toMatchObject({ function: 'way', module: MODULE });
    },
  );

  it('is found for the default logger', () => {
    const { logger } = sitedLogger();
    const { transports } = logger;
    winston.configure({ level: 'info', transports });
    // winston keeps its default logger to itself, but `add` returns it.
    const sites = sitesOf(winston.add(transports[0] as winston.transport) as unknown as object);
    ways[0]?.[1](winston);
    ways[1]?.[1](winston);
    expect(sites.map((site) => site.function)).toEqual(['way', 'way']);
  });

  it('has line and column, counted from 1', () => {
    const { logger, sites } = sitedLogger();
    cases[0]?.[1](logger);
    expect(plain(sites[0])).toEqual({
      function: 'plain',
      module: MODULE,
      file: FILE,
      line: PLAIN_LINE,
      column: 10,
    });
  });

  it('is <module> at the top level of CommonJS', () => {
    const { logger, sites } = sitedLogger();
    Object.assign(globalThis, { topLevelLogger: logger });
    require('./fixtures/top-level.cjs');
    expect(sites[0]).toMatchObject({
      function: '<module>',
      module: 'spec/loop-safety/call-site/fixtures/top-level',
      line: 3,
    });
  });

  it('is nameless where nothing of the application is on the stack', async () => {
    const { logger, sites } = sitedLogger();
    // Bound, so that what runs it is a timer of Node's and nothing else.
    const log: (message: string) => void = logger.info.bind(logger);
    setTimeout(log, 1, 'x');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(plain(sites[0])).toEqual(UNKNOWN);
  });

  it('is nameless below a function that is not on the stack', () => {
    expect(plain(siteBelow(() => undefined))).toEqual(UNKNOWN);
  });

  it('stays what it was at the call', async () => {
    const { logger, sites } = sitedLogger();
    cases[0]?.[1](logger);
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(plain(sites[0])).toMatchObject({ function: 'plain', line: PLAIN_LINE });
    expect(plain(sites[0])).toEqual(plain(sites[0]));
  });
});

it('keeps nothing of the call, whose receivers could be large', () => {
  const { logger } = sitedLogger();
  cases[0]?.[1](logger);
  expect(captured.stack).toBeUndefined();
});

describe('the place of a frame', () => {
  function placeOf(line: number | null, column: number | null, sourceMap?: SourceMap) {
    const frame = {
      getFunctionName: () => 'send',
      getLineNumber: () => line,
      getColumnNumber: () => column,
    };
    const script: ScriptFile = {
      path: '/app/dist/db.js',
      module: 'dist/db',
      isPassedOver: false,
      sourceMap: () => sourceMap,
    };
    return plain(new CapturedSite(frame as NodeJS.CallSite, script));
  }
  const compiled = { function: 'send', module: 'dist/db', file: '/app/dist/db.js' };

  /** Each of the first two columns of line 1 and of line 2 has a place of its own. */
  const mapTo = (source: string): SourceMap =>
    new SourceMap({
      ...{ version: 3, file: 'db.js', sources: [source], sourcesContent: [], names: [], sourceRoot: '' },
      mappings: 'AAAA,CACA;AACA,CACA',
    });

  it('is 0, where V8 does not know it', () => {
    expect(placeOf(null, null)).toEqual({ ...compiled, line: 0, column: 0 });
  });

  it('is by a source map that of the very column', () => {
    const map = mapTo('file:///app/src/db.ts');
    const places = [placeOf(1, 1, map), placeOf(1, 2, map), placeOf(2, 1, map), placeOf(2, 2, map)];
    expect(places.map((place) => [place?.file, place?.line, place?.column])).toEqual(
      [1, 2, 3, 4].map((line) => ['/app/src/db.ts', line, 1]),
    );
  });

  it('is that of the compiled file, where the original is no file', () => {
    const map = mapTo('webpack://app/src/db.ts');
    expect(placeOf(2, 1, map)).toEqual({ ...compiled, line: 2, column: 1 });
  });
});

describe('an application that has changed Error', () => {
  const before = Object.getOwnPropertyDescriptors(Error);

  function mend(): void {
    for (const name of ['stackTraceLimit', 'prepareStackTrace', 'captureStackTrace'] as const) {
      const descriptor = before[name] as PropertyDescriptor | undefined;
      if (descriptor === undefined) Reflect.deleteProperty(Error, name);
      else Object.defineProperty(Error, name, descriptor);
    }
  }

  /** The site, and what is left of the change. The assertions need an `Error` in order, so it is mended here. */
  function siteUnder(name: string, descriptor: PropertyDescriptor): [typeof UNKNOWN | undefined, unknown] {
    const { logger, sites } = sitedLogger();
    Object.defineProperty(Error, name, { configurable: true, ...descriptor });
    try {
      cases[0]?.[1](logger);
      const site = plain(sites[0]);
      return [site, Object.getOwnPropertyDescriptor(Error, name)?.value];
    } finally {
      mend();
    }
  }

  it.each([
    ['limit 0', 'stackTraceLimit', { value: 0, writable: true }],
    ['limit 1', 'stackTraceLimit', { value: 1, writable: true }],
    ['limit undefined', 'stackTraceLimit', { value: undefined, writable: true }],
    ['limit of nonsense', 'stackTraceLimit', { value: 'many', writable: true }],
    ['limit not writable', 'stackTraceLimit', { value: 10, writable: false }],
    ['a formatter', 'prepareStackTrace', { value: () => 'formatted', writable: true }],
    ['a formatter that throws', 'prepareStackTrace', { value: throws, writable: true }],
    ['no captureStackTrace', 'captureStackTrace', { value: undefined, writable: true }],
  ] as [string, string, PropertyDescriptor][])(
    'is borne with, and finds it as it was: %s',
    (_, name, descriptor) => {
      const [site, left] = siteUnder(name, descriptor);
      expect(site).toMatchObject({ function: 'plain', line: PLAIN_LINE });
      expect(left).toBe(descriptor.value);
    },
  );

  it.each([
    ['limit 0, not writable', 'stackTraceLimit', { value: 0, writable: false }],
    ['limit a getter that throws', 'stackTraceLimit', { get: throws }],
    ['limit a setter that throws', 'stackTraceLimit', { get: () => 0, set: throws }],
    ['formatter not writable', 'prepareStackTrace', { value: () => 'formatted', writable: false }],
    ['formatter that throws, not writable', 'prepareStackTrace', { value: throws, writable: false }],
    ['formatter of nonsense frames', 'prepareStackTrace', { value: () => [{}], writable: false }],
    ['formatter a getter that throws', 'prepareStackTrace', { get: throws }],
  ] as [string, string, PropertyDescriptor][])('costs the site, no more: %s', (_, name, descriptor) => {
    expect(siteUnder(name, descriptor)[0]).toEqual(UNKNOWN);
  });

  it('has an accessor that logs, and finds its formatter as it was', () => {
    const { logger, sites } = sitedLogger();
    const formatter = (): string => 'formatted';
    let limit: unknown = 10;
    let isLogging = false;
    const set = (value: unknown): void => {
      limit = value;
      if (isLogging) return;
      isLogging = true;
      cases[0]?.[1](logger);
      isLogging = false;
    };
    let left: unknown[];
    try {
      Error.prepareStackTrace = formatter;
      Object.defineProperty(Error, 'stackTraceLimit', { configurable: true, get: () => limit, set });
      cases[0]?.[1](logger);
      left = [Error.prepareStackTrace, limit];
    } finally {
      mend();
    }
    expect(left).toEqual([formatter, 10]);
    expect(sites).toHaveLength(2);
  });

  it('has a limit that cannot be read, and has nothing written', () => {
    const { logger } = sitedLogger();
    const formatter = (): string => 'formatted';
    const written: unknown[] = [];
    let left: unknown;
    try {
      Error.prepareStackTrace = formatter;
      const set = (value: unknown): void => void written.push(value);
      Object.defineProperty(Error, 'stackTraceLimit', { configurable: true, get: throws, set });
      cases[0]?.[1](logger);
      left = Error.prepareStackTrace;
    } finally {
      mend();
    }
    expect([left, written]).toEqual([formatter, []]);
  });

  it('does not see our formatter in a stack of its own, taken later', () => {
    siteBelow(mend);
    expect(new Error('x').stack).toBeTypeOf('string');
  });

  function throws(): never {
    throw new Error('from the application');
  }
});
