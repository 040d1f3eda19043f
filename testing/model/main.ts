// npm run model -- [--schedules 10000] [--seconds N] [--seed S [--path P]] [--trace FILE]
// Random schedules for sender, accumulator and spool, until one goes wrong. A file with what was told of it is traced: each of its sends.
import '../../spec/support/quiet-stderr.ts';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runModel, type Schedule } from './run-model.ts';
import { ModelWorld } from './world.ts';

const { values } = parseArgs({
  options: {
    schedules: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    path: { type: 'string' },
    trace: { type: 'string' },
  },
});

if (values.trace !== undefined) {
  const lines = readFileSync(values.trace, 'utf8').split('\n');
  const [shape, ...steps] = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  const directory = join(mkdtempSync(join(tmpdir(), 'winston-kafkajs-model-')), 'traced');
  await new ModelWorld(...([shape, steps] as Schedule), directory, (line) => console.log(line)).run();
} else {
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  const ms = values.seconds === undefined ? undefined : 1_000 * Number(values.seconds);
  const schedules = Number(values.schedules ?? (ms === undefined ? 10_000 : Number.MAX_SAFE_INTEGER));
  const { runs, problem } = await runModel({ schedules, seed, ms, path: values.path });
  if (problem !== undefined) {
    console.error(problem);
    process.exitCode = 1;
  }
  console.log(`seed ${seed}: ${runs} schedules`);
}
