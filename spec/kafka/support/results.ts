// The table of all rows, as the run leaves it in RESULTS.md.
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import type { RowResult } from './row.ts';

const FILE = new URL('../RESULTS.md', import.meta.url);

export interface TableRow {
  readonly scenario: string;
  result: RowResult | 'not run' | 'failed';
}

/** Only of a whole run. A row without figures has failed before there were any: it stands there as that. */
export async function writeResults(rows: readonly TableRow[]): Promise<void> {
  if (rows.some(({ result }) => result === 'not run')) return;
  const results = rows.map(({ result }) => result).filter((result) => typeof result === 'object');
  const lines = rows.map(({ scenario, result }) =>
    typeof result === 'object' ? lineOf(result) : `| ${scenario} | ${result} | | | | | | | |`,
  );
  const total = results.reduce((sum, { records }) => sum + records, 0);
  await writeFile(
    FILE,
    `# Against the real Apache Kafka

Written by \`npm run test:kafka\`: Apache Kafka 4.1.0, three brokers (KRaft) on loopback, Node ${process.version},
${cpus().length} cores shared by all of it, ${new Date().toISOString().slice(0, 10)}. Three replicas, \`min.insync.replicas\` 2, three partitions, records of
some 235 bytes, the transport's defaults unless the row says otherwise. ${total.toLocaleString('en')} records in all.

*Lost*: logged, and neither in the topic nor handed to the fallback. *Handed on*: given to the fallback, with a reason.
*New clients*: how often the Kafka client was replaced; only then can \`idempotent\` make a duplicate (without it a client is
replaced at once when it hangs, or after a few failures). What Kafka had acknowledged before its topic was deleted is not
asked for again. *Loop delay*: the
longest that the event loop was held up, the consumer's and the specs' own work included. *Memory*: the highest of heap and
external memory of the whole run's process.

| scenario | records | lost | duplicates | out of order | handed on | new clients | loop delay, ms | memory, MiB |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${lines.join('\n')}
`,
  );
}

function lineOf(result: RowResult): string {
  const { scenario, records, lost, duplicates, outOfOrder, handedOn, reconnects, loopDelayMs, peakMiB } =
    result;
  const figures = [records, lost, duplicates, outOfOrder, handedOn, reconnects, loopDelayMs, peakMiB];
  return `| ${[scenario, ...figures].join(' | ')} |`;
}
