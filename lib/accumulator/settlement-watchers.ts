/** What has become of everything that was accepted before a certain moment. */
export interface SettlementWatcher {
  readonly upTo: number;
  delivered: number;
  dropped: number;
  pending: number;
  awaitsOlder: boolean;
  /** Called when the last of it is settled. */
  onDone: (() => void) | undefined;
}

/** Those who wait for what has been accepted so far, each up to another record. */
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

  /** There are no older ones to come. */
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

  /** Records of other processes: they are waited for as if they had been there already. */
  onAdopted(count: number): void {
    for (const watcher of this.#watchers) watcher.pending += count;
  }

  /** Whose they were nobody knows: whoever waits for anything that old waits for them, too. */
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
