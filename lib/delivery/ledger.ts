import { DROP_REASONS, type DropReason, type PendingRecord } from './record.ts';

/**
 * The books. Every record that was accepted is, at every moment, in exactly one place:
 *
 *     accepted === delivered + buffered.records + inFlight + the sum of dropped
 *
 * Each method moves records from one place to another, so the law holds by construction.
 */
export class Ledger {
  accepted = 0;
  delivered = 0;
  inFlight = 0;
  readonly dropped: Record<DropReason, number> = {
    overflow: 0,
    oversize: 0,
    rejected: 0,
    expired: 0,
    closed: 0,
    invalid: 0,
  };
  /** Records that wait, and the bytes of all that is held, in flight included. */
  queued = 0;
  heldBytes = 0;
  queuedBytes = 0;

  readonly #watchers = new Set<SettlementWatcher>();

  /** Records that memory holds: waiting or in flight. */
  get held(): number {
    return this.queued + this.inFlight;
  }

  get droppedTotal(): number {
    return DROP_REASONS.reduce((sum, reason) => sum + this.dropped[reason], 0);
  }

  accept(record: PendingRecord): void {
    record.seq = ++this.accepted;
    this.queued++;
    this.queuedBytes += record.bytes;
    this.heldBytes += record.bytes;
  }

  take(record: PendingRecord): void {
    record.state = 'in-flight';
    this.queued--;
    this.queuedBytes -= record.bytes;
    this.inFlight++;
  }

  giveBack(record: PendingRecord): void {
    record.state = 'queued';
    this.queued++;
    this.queuedBytes += record.bytes;
    this.inFlight--;
  }

  deliver(record: PendingRecord): void {
    this.delivered++;
    this.#settle(record, 'delivered');
  }

  drop(record: PendingRecord, reason: DropReason): void {
    this.dropped[reason]++;
    this.#settle(record, 'dropped');
  }

  /** Follows what becomes of all that is accepted so far. */
  watch(): SettlementWatcher {
    const watcher: SettlementWatcher = {
      upTo: this.accepted,
      delivered: this.delivered,
      dropped: this.droppedTotal,
      pending: this.held,
      onDone: undefined,
    };
    if (watcher.pending > 0) this.#watchers.add(watcher);
    return watcher;
  }

  unwatch(watcher: SettlementWatcher): void {
    this.#watchers.delete(watcher);
  }

  #settle(record: PendingRecord, outcome: 'delivered' | 'dropped'): void {
    if (record.state === 'in-flight') this.inFlight--;
    else {
      this.queued--;
      this.queuedBytes -= record.bytes;
    }
    this.heldBytes -= record.bytes;
    record.state = 'settled';
    for (const watcher of this.#watchers) {
      if (record.seq > watcher.upTo) continue;
      watcher[outcome]++;
      if (--watcher.pending === 0) {
        this.#watchers.delete(watcher);
        watcher.onDone?.();
      }
    }
  }
}

/** What has become of everything that was accepted before a certain moment. */
export interface SettlementWatcher {
  readonly upTo: number;
  delivered: number;
  dropped: number;
  pending: number;
  /** Called when the last of it is settled. */
  onDone: (() => void) | undefined;
}
