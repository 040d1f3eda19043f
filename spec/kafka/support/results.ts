// The tables of the rows, as a run leaves them in RESULTS.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { RowResult } from './row.ts';

const FILE = new URL('../RESULTS.md', import.meta.url);

export interface TableRow {
  readonly scenario: string;
  result: RowResult | 'not run' | 'failed';
}

/**
 * Only of a whole run. A row without figures has failed before there were any: it stands there as that.
 *
 * @param title the heading above the table. All else in the file stays
 */
export function writeResults(title: string, rows: readonly TableRow[]): void {
  if (rows.some(({ result }) => result === 'not run')) return;
  const results = rows.map(({ result }) => result).filter((result) => typeof result === 'object');
  const lines = rows.map(({ scenario, result }) =>
    typeof result === 'object' ? lineOf(result) : `| ${scenario} | ${result} | | | | | | | |`,
  );
  const total = results.reduce((sum, { records }) => sum + records, 0);
  const section = `## ${title}

Node ${process.version}, ${cpus().length} cores shared by all of it, ${new Date().toISOString().slice(0, 10)}. ${total.toLocaleString('en')} records.

| scenario | records | lost | duplicates | out of order | handed on | new clients | loop delay, ms | memory, MiB |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${lines.join('\n')}
`;
  // At once, as the other file of rows may write its own.
  const [introduction = '', ...sections] = readFileSync(FILE, 'utf8').split(/^(?=## )/m);
  const all = sections.map((text) => (text.startsWith(`## ${title}\n`) ? `${section}\n` : text));
  writeFileSync(FILE, `${[introduction, ...all].join('').trimEnd()}\n`);
}

function lineOf(result: RowResult): string {
  const { scenario, records, lost, duplicates, outOfOrder, handedOn, reconnects, loopDelayMs, peakMiB } =
    result;
  const figures = [records, lost, duplicates, outOfOrder, handedOn, reconnects, loopDelayMs, peakMiB];
  return `| ${[scenario, ...figures].join(' | ')} |`;
}
