import type { Clock } from '../util/clock.ts';
import type { Backlog } from '../accumulator/record-accumulator.ts';
import type { Heir } from '../clients/client.ts';
import type { Health } from './health.ts';
import type { ShipperEvents } from './sender-options.ts';
import { judgeOutcome } from './send-result.ts';

export interface BequestParts {
  heir: Heir;
  backlog: Backlog;
  health: Health;
  clock: Clock;
  onDelivered: ShipperEvents['onDelivered'];
}

/** The process ends: leaves what is unsettled to the heir, and books what becomes of it. Blocks, for up to `timeoutMs`. */
export function bequeath(
  { heir, backlog, health, clock, onDelivered }: BequestParts,
  timeoutMs: number,
): void {
  const now = clock.monotonic();
  const end = now + timeoutMs;
  // Half of the time at most: one partition without an answer must not cost the others theirs.
  heir.awaitSends(backlog.inFlight, now + timeoutMs / 2, (batch, outcome) => {
    const verdict = judgeOutcome(outcome, batch);
    if (verdict.kind === 'delivered') {
      onDelivered(backlog.deliver(batch));
      batch.letGo();
    } else health.noteError(verdict.cause);
  });
  const left = backlog.unsettled();
  // Shipped when nobody listens any more, they would go again from the spool.
  if (left.length === 0 || clock.monotonic() >= end) return;
  heir.ship(left, end, {
    onDelivered(records) {
      backlog.noteDelivered(records);
      onDelivered(records);
    },
    onDropped: (record, reason, cause) => backlog.drop(record, reason, cause),
    onOutage: (cause) => health.noteError(cause),
  });
}
