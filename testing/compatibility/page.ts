import type { Row } from './cells.ts';
import type { Runtime } from './runtimes.ts';

export interface Result {
  readonly row: Row;
  readonly runtime: Runtime;
  failure?: string;
}

/** docs/compatibility.md. */
export function pageOf(results: readonly Result[], versions: readonly string[]): string {
  const runtimes = [...new Set(results.map(({ runtime }) => runtime.name))];
  const rows = [...new Set(results.map(({ row }) => row))];
  const failures = [...new Set(results.flatMap(({ failure }) => failure ?? []))];
  const cell = (row: Row, runtime: string): string => {
    const failure = results.find((result) => result.row === row && result.runtime.name === runtime)?.failure;
    return failure === undefined ? 'yes' : `no (${failures.indexOf(failure) + 1})`;
  };
  const line = (...columns: readonly string[]): string => `| ${columns.join(' | ')} |`;
  const table = [
    line('', '', ...runtimes),
    line(...Array.from({ length: runtimes.length + 2 }, () => '---')),
    ...rows.map((row) => line(row.group, row.name, ...runtimes.map((name) => cell(row, name)))),
  ];
  const green = results.filter(({ failure }) => failure === undefined).length;
  const reasons = failures.map((failure, at) => `${at + 1}. \`${failure.replaceAll('`', "'")}\``);
  return `# Compatibility

\`npm run compatibility\` has written this page; do not edit it. For each cell it has run an application with the packed package, which logs 100 records and
ends as an ordinary process does. "yes": it ended by itself with status 0, and all 100 were in the topic of the stand-in broker, once and in order, each with the version of the runtime.
${green} of ${results.length} cells are.

The package supports Node. Bun and Deno are tried, and not supported.

${table.join('\n')}

With ${versions.join(', ')}. The bundles hold the library, winston and kafkajs, and are made on the Node that the script runs on.
${reasons.length === 0 ? '' : `\nThe reasons, as the first line of the output that tells one:\n\n${reasons.join('\n')}\n`}`;
}
