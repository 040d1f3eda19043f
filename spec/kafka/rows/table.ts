// What all rows share: the cluster they run against, and the table that they make up.
import { expect, it } from 'vitest';
import { expectLaw } from '../../support/harness.ts';
import type { RealCluster } from '../support/real-cluster.ts';
import { type TableRow, writeResults } from '../support/results.ts';
import { type Row, type RowOptions, type RowResult, runRow } from '../support/row.ts';

export interface RowRequirements {
  readonly idempotent?: boolean;
  /** Whether it stops brokers, or needs what only our own ones are configured for. */
  readonly needsOwnBrokers?: boolean;
}

export class Table {
  readonly cluster: RealCluster;
  readonly #rows: TableRow[] = [];

  constructor(cluster: RealCluster) {
    this.cluster = cluster;
  }

  /** A row with traffic while something goes wrong. */
  traffic(scenario: string, options: RowOptions & RowRequirements, run: (row: Row) => Promise<void>): void {
    const suffix = options.idempotent === true ? ', idempotent' : '';
    const name = `${scenario}${suffix}`;
    this.add(name, options, () => runRow(this.cluster, name, options, run));
  }

  /** Any row: nothing lost and nothing inverted, and no duplicate that `idempotent` rules out. */
  add(scenario: string, requirements: RowRequirements, run: () => Promise<RowResult>): void {
    if (requirements.needsOwnBrokers === true && !this.cluster.isOwn) return;
    const entry: TableRow = { scenario, result: 'not run' };
    this.#rows.push(entry);
    it(scenario, async () => {
      entry.result = 'failed';
      const result = await run();
      entry.result = result;
      expect(result.lost).toBe(0);
      expect(result.outOfOrder).toBe(0);
      if (requirements.idempotent === true) expect(result.duplicates).toBe(0);
      expectLaw({ stats: () => result.stats });
    });
  }

  /** Into RESULTS.md, if all have run, against brokers of our own. */
  async write(): Promise<void> {
    if (this.cluster.isOwn) await writeResults(this.#rows);
  }
}
