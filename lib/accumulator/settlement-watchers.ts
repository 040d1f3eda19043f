/** What has become of everything that was accepted before a certain moment. */
export interface SettlementWatcher {
  readonly upTo: number;
  delivered: number;
  dropped: number;
  pending: number;
  awaitsOlder: boolean;
  /** Called when the last of these records is settled. */
  onDone: (() => void) | undefined;
}

/** The flushes that wait until all records up to a certain one are settled. */
export class SettlementWatchers {
  readonly #watchers = new Set<SettlementWatcher>();

  get size(): number {
    return this.#watchers.size;
  }

  add(watcher: SettlementWatcher): void {
    if (watcher.awaitsOlder || watcher.pending > 0) this.#watchers.add(watcher);
  }

  delete(watcher: SettlementWatcher): void {
    this.#watchers.delete(watcher);
  }

  /** Called when no older records can be adopted any more. */
  noOlderToCome(watcher: SettlementWatcher): void {
    watcher.awaitsOlder = false;
    this.#recordSettled(watcher, 0);
  }

  /** The record at this position in the order of acceptance is settled. */
  onSettled(seq: number, outcome: 'delivered' | 'dropped'): void {
    for (const watcher of this.#watchers) {
      if (seq > watcher.upTo) continue;
      watcher[outcome]++;
      this.#recordSettled(watcher, 1);
    }
  }

  /** Records of other processes were adopted: all watchers wait for them too, because they are older. */
  onAdopted(count: number): void {
    for (const watcher of this.#watchers) watcher.pending += count;
  }

  /** Records on disk were lost. It is unknown which, so they count for every watcher that waits for any. */
  onLost(count: number): void {
    for (const watcher of this.#watchers) {
      const lost = Math.min(count, watcher.pending);
      watcher.dropped += lost;
      this.#recordSettled(watcher, lost);
    }
  }

  #recordSettled(watcher: SettlementWatcher, count: number): void {
    watcher.pending -= count;
    if (watcher.awaitsOlder || watcher.pending > 0) return;
    this.#watchers.delete(watcher);
    watcher.onDone?.();
  }
}
