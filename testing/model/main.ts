import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { steps, shape, type Shape, type Step } from './model-steps.ts';
import { ModelWorld } from './model-world.ts';
const runs = Number(process.argv[2] ?? 1000);
const seed = process.argv[3] === undefined ? Date.now() | 0 : Number(process.argv[3]);
const dir = mkdtempSync(join(process.env.MODEL_TMP ?? tmpdir(), 'model-'));
let n = 0;
const totals: Record<string, number> = {};
const t0 = performance.now();
let unhandled: unknown;
process.on('unhandledRejection', (e) => { unhandled = e; });
const result = await fc.check(
  fc.asyncProperty(shape, steps, async (s: Shape, st: Step[]) => {
    n++;
    const world = new ModelWorld(s, st, join(dir, String(n)));
    await world.run();
    for (const [k, v] of Object.entries(world.figures)) totals[k] = (totals[k] ?? 0) + v;
    if (unhandled !== undefined) { const e = unhandled; unhandled = undefined; throw e; }
  }),
  { numRuns: runs, seed, ...(process.argv[4] && { path: process.argv[4] }), endOnFailure: process.env.NOSHRINK !== undefined, interruptAfterTimeLimit: Number(process.env.MODEL_MS ?? 1e9) },
);
rmSync(dir, { recursive: true, force: true });
console.log(JSON.stringify(totals));
console.log(`seed ${seed}, ${n} runs, ${Math.round(performance.now() - t0)} ms, failed ${result.failed}, path ${result.counterexamplePath}`);
if (result.failed) {
  const [s, st] = result.counterexample as [Shape, Step[]];
  console.log(JSON.stringify(s));
  for (const one of st) console.log(' ', JSON.stringify(one));
  console.log(String((result.errorInstance as Error)?.message));
  if (process.env.STACK) console.log((result.errorInstance as Error)?.stack);
}
