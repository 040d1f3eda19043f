// Random schedules of what may happen, one after the other, until one goes wrong: that is shortened then.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { type Shape, type Step, shape, steps } from './steps.ts';
import { ModelWorld } from './world.ts';

export type Schedule = [Shape, Step[]];

export interface ModelRun {
  readonly schedules: number;
  readonly seed: number;
  /** Of fast-check: the schedule that went wrong, as it was told. */
  readonly path?: string | undefined;
  /** No schedule is begun later. */
  readonly ms?: number | undefined;
}

/** @returns how many were run, and what went wrong, if anything did: all that it takes to run it again */
export async function runModel({ schedules, seed, path, ms }: ModelRun): Promise<{
  readonly runs: number;
  readonly problem: string | undefined;
}> {
  const directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-model-'));
  let runs = 0;
  let unhandled: unknown;
  const onUnhandled = (error: unknown): void => {
    unhandled = error;
  };
  process.on('unhandledRejection', onUnhandled);
  const result = await fc.check(
    fc.asyncProperty(shape, steps, async (of, taken) => {
      await new ModelWorld(of, taken, join(directory, String(runs++))).run();
      if (unhandled !== undefined) throw new Error(`unhandled: ${String(unhandled)}`);
    }),
    {
      numRuns: schedules,
      seed,
      ...(path !== undefined && { path }),
      ...(ms !== undefined && { interruptAfterTimeLimit: ms, markInterruptAsFailure: false }),
    },
  );
  process.off('unhandledRejection', onUnhandled);
  rmSync(directory, { recursive: true, force: true });
  if (!result.failed) return { runs, problem: undefined };
  const [of, taken] = result.counterexample ?? [];
  const told = [of, ...(taken ?? [])].map((each) => JSON.stringify(each)).join('\n');
  const again = `npm run model -- --seed ${seed} --path "${result.counterexamplePath}"`;
  return { runs, problem: `${String(result.errorInstance)}\n${told}\nagain: ${again}` };
}
