import { expect, it } from 'vitest';
import { compileFilter } from '../../lib/loop-safety/filter/filter.ts';
import type { Levels } from '../../lib/util/info.ts';
import { LevelCheck, watchLevel } from '../../lib/winston/level-check.ts';
import { refuse } from '../loop-safety/filter/filter-records.ts';
import { HeldClock } from '../sender/rig.ts';

const LEVELS: Levels = { error: 0, info: 2, debug: 5 };

interface Leveled {
  level?: string;
  levels?: Levels;
}

class Rig {
  readonly clock = new HeldClock();
  readonly told: string[] = [];
  readonly transport: Leveled = {};
  readonly loggers: Leveled[];
  readonly check: LevelCheck;

  constructor(loggers: Leveled[], filter?: Parameters<typeof compileFilter>[0]) {
    this.loggers = loggers;
    this.check = new LevelCheck({
      transport: this.transport,
      named: () => (filter === undefined ? [] : compileFilter(filter, undefined, refuse).levels),
      loggers: () => this.loggers,
      soon: (fn) => this.clock.soon(fn),
      tell: (problem) => this.told.push(problem),
    });
  }

  /** What is told of once the code that runs now has returned. */
  async tells(): Promise<string[]> {
    this.check.schedule();
    await this.clock.settle();
    return this.told.splice(0);
  }
}

it('tells of a level of the transport that its logger does not have', async () => {
  const rig = new Rig([{ level: 'info', levels: LEVELS }]);
  rig.transport.level = 'inof';
  const told = await rig.tells();
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(
    /^the transport's level "inof" is none of the logger's levels .* Did you mean "info"\?/,
  );
});

it("tells of the logger's level where the transport has none, and not where it has", async () => {
  const rig = new Rig([{ level: 'inof', levels: LEVELS }]);
  rig.transport.level = 'debug';
  expect(await rig.tells()).toEqual([]);
  delete rig.transport.level;
  expect(await rig.tells()).toEqual([
    expect.stringMatching(/^the logger's level "inof" is none of its levels/),
  ]);
});

it('tells of a level in the filter', async () => {
  const rig = new Rig([{ level: 'info', levels: LEVELS }], { worker: 'crit' });
  expect(await rig.tells()).toEqual([expect.stringContaining('the level "crit" in ')]);
});

it('tells of nothing where the levels are known, or are put right before the code has returned', async () => {
  const logger: Leveled = { level: 'inof', levels: LEVELS };
  const rig = new Rig([{}, logger], { worker: 'debug' });
  rig.check.schedule();
  logger.level = 'info';
  await rig.clock.settle();
  expect(rig.told).toEqual([]);
});

it('checks once for all that happens before the code has returned, and again after that', async () => {
  let checks = 0;
  const rig = new Rig([
    {
      level: 'info',
      get levels() {
        checks++;
        return LEVELS;
      },
    },
  ]);
  rig.check.schedule();
  rig.check.schedule();
  await rig.clock.settle();
  expect(checks).toBe(1);
  await rig.tells();
  expect(checks).toBe(2);
});

it('tells of each problem once', async () => {
  const rig = new Rig([
    { level: 'inof', levels: LEVELS },
    { level: 'inof', levels: LEVELS },
  ]);
  expect(await rig.tells()).toHaveLength(1);
  expect(await rig.tells()).toEqual([]);
});

it.each<[string, Leveled | undefined, string | undefined, number]>([
  ['its logger has no such level', { level: 'inof', levels: LEVELS }, undefined, 1],
  ['the level is one that every object has a field of', { level: 'toString', levels: LEVELS }, undefined, 1],
  ['its logger has the level', { level: 'info', levels: LEVELS }, undefined, 0],
  ['the transport has a level of its own', { level: 'inof', levels: LEVELS }, 'info', 0],
  ['its logger has no levels', { level: 'inof' }, undefined, 0],
  ['it has no logger', undefined, undefined, 0],
])('after a record that was not taken, looks at the levels if %s', async (_name, logger, own, checks) => {
  const rig = new Rig([{ level: 'inof', levels: LEVELS }]);
  if (own !== undefined) rig.transport.level = own;
  rig.check.onUnknownLevel(logger);
  delete rig.transport.level;
  await rig.clock.settle();
  expect(rig.told).toHaveLength(checks);
});

it('sees a level that is set, and leaves it a field like any other', () => {
  const transport: { level?: string } = { level: 'info' };
  let sets = 0;
  watchLevel(transport, () => sets++);
  expect([transport.level, sets]).toEqual(['info', 0]);
  transport.level = 'debug';
  expect([transport.level, sets]).toEqual(['debug', 1]);
  expect({ ...transport }).toEqual({ level: 'debug' });
  Object.defineProperty(transport, 'level', { value: 'error' });
  expect([transport.level, sets]).toEqual(['error', 1]);
});
