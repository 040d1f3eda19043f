// Processes that end in the middle of their work, and the next one, which sends what they have left.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { TransportStats } from '../../../lib/index.ts';
import { runChild } from '../../support/child-process.ts';
import { arrivedIn, nextTopic, type RowResult } from '../support/row.ts';
import type { Table } from './table.ts';

const RECORDS = 20_000;

export interface EndingConfig {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly directory: string;
  /** Nothing is logged by the one that only sends what is there. */
  readonly records: number;
  readonly ending: 'process.exit' | 'an uncaught exception' | 'SIGKILL' | 'none';
}

/** What the program prints when it ends by itself. */
export interface EndingReport {
  readonly stats: TransportStats;
  readonly loopDelayMs: number;
  readonly peakMiB: number;
}

export function endingRows(table: Table): void {
  const { cluster } = table;
  for (const ending of ['process.exit', 'an uncaught exception', 'SIGKILL'] as const) {
    const scenario = `${ending}, spool: 'always', and a restart`;
    table.add(scenario, {}, async (): Promise<RowResult> => {
      const topic = nextTopic();
      await cluster.createTopic(topic);
      const directory = await mkdtemp(join(tmpdir(), 'winston-kafkajs-ending-'));
      const run = (config: Pick<EndingConfig, 'records' | 'ending'>) => {
        const ENDING = JSON.stringify({ ...config, brokers: cluster.addresses, topic, directory });
        return runChild(new URL('../support/ending-program.ts', import.meta.url), { env: { ENDING } });
      };
      try {
        const first = await run({ records: RECORDS, ending });
        expect(first.code).toBe({ 'process.exit': 0, 'an uncaught exception': 1, SIGKILL: null }[ending]);
        const second = await run({ records: 0, ending: 'none' });
        const { stats, loopDelayMs, peakMiB } = JSON.parse(second.stdout) as EndingReport;
        // Otherwise there was nothing to replay.
        expect(stats.replayed).toBeGreaterThan(0);
        return {
          scenario,
          records: RECORDS,
          ...(await arrivedIn(cluster, topic, RECORDS)),
          handedOn: 0,
          reconnects: stats.reconnects,
          loopDelayMs,
          peakMiB,
          stats,
        };
      } finally {
        await rm(directory, { recursive: true });
      }
    });
  }
}
