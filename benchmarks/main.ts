// All scenarios, or those that are named: `npm run bench`, `npm run bench -- delivered idle`. A whole run writes
// RESULTS.md, chart.svg and the figures in docs/performance.md; a part of one only prints.
import { type Broker, startBroker } from './broker.ts';
import { writeChart } from './report/chart.ts';
import type { Measured } from './report/promise-checks.ts';
import { writeReadme } from './report/readme.ts';
import { sectionOf, verdictTable, writeResults } from './report/results.ts';
import { build, runChild } from './run-child.ts';
import type { Figures, Scenario } from './scenario.ts';
import { scenarios } from './scenarios/index.ts';

const names = process.argv.slice(2);
const unknown = names.find((name) => !scenarios.some((scenario) => scenario.name === name));
if (unknown !== undefined) {
  const known = scenarios.map(({ name }) => name).join(', ');
  throw new TypeError(`No scenario is called ${unknown}. There are: ${known}.`);
}

const startedAt = performance.now();
build();
const broker = await startBroker();
try {
  const measured: Measured[] = [];
  for (const scenario of scenarios) {
    if (names.length > 0 && !names.includes(scenario.name)) continue;
    const done = await run(scenario, broker);
    process.stdout.write(`${sectionOf(done)}\n`);
    measured.push(done);
  }
  process.stdout.write(`${verdictTable(measured)}\n`);
  if (names.length === 0) {
    writeResults(measured, broker.title, (performance.now() - startedAt) / 60_000);
    writeChart(measured);
    writeReadme(measured);
  }
} finally {
  await broker.stop();
}

/** Round by round, each variant once a round: whatever the machine does meanwhile, it does to all of them. */
async function run(scenario: Scenario, broker: Broker): Promise<Measured> {
  const topic = `bench-${scenario.name}-${Date.now().toString(36)}`;
  await broker.makeTopic(topic);
  for (let at = 0; at < (scenario.topics ?? 0); at++) await broker.makeTopic(`${topic}-${at}`);
  const figures = new Map<string, Figures[]>(scenario.variants.map((variant) => [variant, []]));
  for (let round = 0; round < scenario.rounds; round++) {
    process.stderr.write(`${scenario.name}: round ${round + 1} of ${scenario.rounds}\n`);
    for (const [variant, own] of figures) own.push(await runChild(scenario, variant, broker, topic));
  }
  return { scenario, figures };
}
