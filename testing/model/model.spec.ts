// Whatever happens to sender, accumulator and spool: nothing is lost, nothing stands still, orders and limits are kept. A few hundred
// schedules; `npm run model` runs as many as one likes, and so does MODEL_SCHEDULES here.
import { expect, it } from 'vitest';
import { runModel } from './run-model.ts';

const given = process.env.MODEL_SCHEDULES;
const schedules = Number(given ?? 300);
const ms = given === undefined ? 8_000 : undefined;

it('all that is logged is delivered, dropped for a reason, or waits', { timeout: 86_400_000 }, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const { problem } = await runModel({ schedules, seed, ms });
  expect(problem).toBeUndefined();
});
