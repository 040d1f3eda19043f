import type { RecordAccumulator } from '../accumulator/record-accumulator.ts';
import type { ExitDrain } from '../clients/client.ts';
import { classifyOutcome } from '../clients/send-result.ts';
import type { Clock } from '../time/clock.ts';
import type { Health } from './health.ts';
import type { SenderEvents } from './sender-options.ts';

export interface ExitDrainParts {
  exitDrain: ExitDrain;
  accumulator: RecordAccumulator;
  health: Health;
  clock: Clock;
  onDelivered: SenderEvents['onDelivered'];
}

/** At the end of the process, sends unsettled records through the exit drain, and counts the results. Blocks for up to `timeoutMs`. */
export function drainOnExit(
  { exitDrain, accumulator, health, clock, onDelivered }: ExitDrainParts,
  timeoutMs: number,
): void {
  const now = clock.monotonic();
  const end = now + timeoutMs;
  // At most half of the time: one partition without an answer must leave time for the others.
  exitDrain.awaitSends(accumulator.inFlight, now + timeoutMs / 2, (batch, outcome) => {
    const result = classifyOutcome(outcome, batch);
    if (result.kind === 'delivered') {
      onDelivered(accumulator.deliver(batch));
      batch.release();
    } else health.recordError(result.cause);
  });
  // Too late: the answer would be missed, and these records would be sent again from the spool.
  if (clock.monotonic() >= end) return;
  const left = accumulator.unsettled();
  if (left.length === 0) return;
  exitDrain.send(left, end, {
    onDelivered(records) {
      accumulator.onDelivered(records);
      onDelivered(records);
    },
    onDropped: (record, reason, cause) => accumulator.drop(record, reason, cause),
    onOutage: (cause) => health.recordError(cause),
  });
}
