// What the rows of a file share: the cluster they run against, and the table that they make up.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectLaw } from '../../support/harness.ts';
import { RealCluster } from '../support/real-cluster.ts';
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

  private constructor(cluster: RealCluster) {
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

  /**
   * Starts the cluster before the rows, and writes them to RESULTS.md afterwards, if all have run, against brokers of our own.
   *
   * @param title their heading there
   */
  static async of(title: string, addRows: (table: Table) => void): Promise<void> {
    const cluster = await RealCluster.prepare();
    const table = new Table(cluster);
    beforeAll(() => cluster.start());
    afterAll(async () => {
      if (cluster.isOwn) writeResults(title, table.#rows);
      await cluster.stop();
    });
    addRows(table);
  }
}
