interface Queue<Item> {
  items: Item[];
  /** Of the first one that waits. */
  at: number;
}

/**
 * Merges the records of several partitions by their times. Those of one partition stay in their order, also where their times are
 * not: the next one is the earliest among the first ones of all partitions, and of equal ones that of the lowest partition.
 */
export class TimeMerge<Item extends { readonly time: number }> {
  readonly #queues: Map<number, Queue<Item>>;
  /** The partitions that more may come from. */
  readonly #open: Set<number>;
  /** Those of them of which no record waits: their next one may be the earliest. */
  readonly #awaited: Set<number>;

  constructor(partitions: readonly number[]) {
    const sorted = partitions.toSorted((a, b) => a - b);
    this.#queues = new Map(sorted.map((partition) => [partition, { items: [], at: 0 }]));
    this.#open = new Set(sorted);
    this.#awaited = new Set(sorted);
  }

  get isEnded(): boolean {
    return this.#open.size === 0;
  }

  /** How many records of a partition wait. */
  waiting(partition: number): number {
    const queue = this.#queues.get(partition);
    return queue === undefined ? 0 : queue.items.length - queue.at;
  }

  add(partition: number, item: Item): void {
    if (!this.#open.has(partition)) return;
    this.#queues.get(partition)?.items.push(item);
    this.#awaited.delete(partition);
  }

  /** Nothing more comes of this partition. */
  end(partition: number): void {
    this.#open.delete(partition);
    this.#awaited.delete(partition);
  }

  /** Takes the records that no other can come before, in order. */
  *taken(): Generator<Item> {
    while (this.#awaited.size === 0) {
      let earliest: Item | undefined;
      let from = -1;
      for (const [partition, { items, at }] of this.#queues) {
        const first = items[at];
        if (first === undefined || (earliest !== undefined && first.time >= earliest.time)) continue;
        earliest = first;
        from = partition;
      }
      if (earliest === undefined) return;
      this.#drop(from);
      yield earliest;
    }
  }

  #drop(partition: number): void {
    const queue = this.#queues.get(partition);
    if (queue === undefined) return;
    queue.at++;
    if (queue.at < queue.items.length) return;
    queue.items = [];
    queue.at = 0;
    if (this.#open.has(partition)) this.#awaited.add(partition);
  }
}
