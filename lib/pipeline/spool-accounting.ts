import type { Ledger } from '../accumulator/ledger.ts';
import type { StatsCollector } from '../observe/stats-collector.ts';
import type { Warnings } from '../observe/warnings.ts';
import type { SpoolEvents } from '../spool/spool-options.ts';

export interface SpoolAccountingParts {
  readonly ledger: Ledger;
  readonly statsCollector: StatsCollector;
  readonly warnings: Warnings;
  /** Called when there are records to send. */
  onWork(): void;
}

/** Counts the records that a spool finds and loses, and warns of those that it loses. */
export function spoolAccounting(parts: SpoolAccountingParts): SpoolEvents {
  const { ledger, statsCollector, warnings, onWork } = parts;
  return {
    onWork,
    onAdopted: (count, positions) => {
      if (ledger.unsettled === 0) statsCollector.waiting();
      return ledger.adopt(count, positions);
    },
    onDamaged: (stretches) => {
      // The number of records in a damaged stretch is unknown: each stretch counts as one record.
      ledger.adopt(stretches);
      ledger.loseSpooled(stretches);
      warnings.spoolDamaged(stretches);
    },
    onLost: (count) => {
      ledger.loseSpooled(count);
      warnings.spoolDamaged(1);
    },
    onError: (cause) => warnings.spoolFailed(cause),
  };
}
