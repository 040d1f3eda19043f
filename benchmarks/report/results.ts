// RESULTS.md: all figures, and what was run on what.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { threadTimeSource } from '../measure/thread-time.ts';
import { type Measured, type PromiseCheck, promiseChecksOf } from './promise-checks.ts';
import { type Summary, summaryOf } from './statistics.ts';

const FILE = new URL('../RESULTS.md', import.meta.url);
const PACKAGES = ['winston', 'winston-transport', 'kafkajs', 'winston-logger-kafka', 'platformatic-kafka-1'];

export function writeResults(measured: readonly Measured[], broker: string, minutes: number): void {
  const versions = PACKAGES.map((name) => `${name} ${versionOf(name)}`).join(', ');
  const rounds = `${Math.min(...measured.map(({ scenario }) => scenario.rounds))} to ${Math.max(...measured.map(({ scenario }) => scenario.rounds))}`;
  writeFileSync(
    FILE,
    `# What it costs

Written by \`npm run bench\` in ${Math.round(minutes)} minutes on ${new Date().toISOString().slice(0, 10)}.

- Machine: ${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}; the broker is on it as well.
- Broker: ${broker}.
- Node ${process.version}, ${versions}.
- Time of the main thread: ${threadTimeSource}.

Each measurement is a fresh process that runs the built package. A round measures every variant once, one after the other, and there
are ${rounds} of them. What is shown is the median over the rounds, and in brackets the least and the most. A ratio is that of two measurements
of the same round: they were made within seconds of each other, so that it says something also where the machine has other things to do.

## What was promised

${verdictTable(measured)}

${measured.map(sectionOf).join('\n')}
## Not measured

- pino with a Kafka destination: the ones that are published (\`pino-kafka\`) are built on librdkafka, which is compiled when it is installed.
- \`@confluentinc/kafka-javascript\` as another client: for the same reason.
`,
  );
}

export function verdictTable(measured: readonly Measured[]): string {
  const lines = measured
    .flatMap(promiseChecksOf)
    .map(
      (check) =>
        `| ${check.limit.title} | ${promiseOf(check)} | ${resultOf(check)} | ${check.isMet ? 'met' : '**not met**'} |`,
    );
  return ['| figure | promised | came out | |', '| --- | --- | --- | --- |', ...lines].join('\n');
}

export function sectionOf({ scenario, figures }: Measured): string {
  const kinds = Object.entries(scenario.figures);
  const lines = [...figures].map(([variant, rounds]) => {
    const cells = kinds.map(([name, { digits }]) => {
      const values = rounds.map((round) => round[name]).filter((value) => value !== undefined);
      return values.length === 0 ? '' : textOf(summaryOf(values), digits);
    });
    return `| ${[variant, ...cells].join(' | ')} |`;
  });
  return [
    `## ${scenario.title}`,
    '',
    `${scenario.about} ${scenario.rounds} rounds (\`npm run bench -- ${scenario.name}\`).`,
    '',
    `| | ${kinds.map(([, { title }]) => title).join(' | ')} |`,
    `| --- |${' --- |'.repeat(kinds.length)}`,
    ...lines,
    '',
  ].join('\n');
}

function promiseOf({ limit: { atMost, atLeast, unit } }: PromiseCheck): string {
  return atMost === undefined ? `at least ${atLeast} ${unit}` : `at most ${atMost} ${unit}`;
}

/** As many digits as the promise has, and one more. */
function resultOf(check: PromiseCheck): string {
  const { atMost, atLeast = 0, unit } = check.limit;
  const promised = atMost ?? atLeast;
  const digits = promised >= 100 ? 0 : promised >= 4 ? 1 : 2;
  return `${textOf(check, digits)} ${unit}`;
}

function textOf({ median, min, max }: Summary, digits: number): string {
  const [middle, least, most] = [median, min, max].map((value) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }),
  );
  return `${middle} (${least}–${most})`;
}

function versionOf(name: string): string {
  const url = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(url, 'utf8')) as { version: string }).version;
}
