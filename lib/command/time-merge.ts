interface Queue<Item> {
  readonly items: Item[];
  /** Whether more may come. */
  isOpen: boolean;
}

/**
 * Merges the records of several partitions by their times. Those of one partition stay in their order, also where their times are
 * not: the next one is the earliest among the first ones of all partitions, and of equal ones that of the lowest partition.
 */
export class TimeMerge<Item extends { readonly time: number }> {
  readonly #queues: ReadonlyMap<number, Queue<Item>>;

  constructor(partitions: readonly number[]) {
    const sorted = partitions.toSorted((a, b) => a - b);
    this.#queues = new Map(sorted.map((partition) => [partition, { items: [], isOpen: true }]));
  }

  get isEnded(): boolean {
    return [...this.#queues.values()].every(({ isOpen }) => !isOpen);
  }

  /** How many records of a partition wait. */
  waiting(partition: number): number {
    return this.#queues.get(partition)?.items.length ?? 0;
  }

  add(partition: number, item: Item): void {
    const queue = this.#queues.get(partition);
    if (queue?.isOpen) queue.items.push(item);
  }

  /** Nothing more comes of this partition. */
  end(partition: number): void {
    const queue = this.#queues.get(partition);
    if (queue !== undefined) queue.isOpen = false;
  }

  /** Takes the records that no other can come before, in order. */
  *taken(): Generator<Item> {
    for (let next = this.#earliest()?.shift(); next !== undefined; next = this.#earliest()?.shift())
      yield next;
  }

  /** The records of the partition that has the earliest one; nothing while one is empty that more may come from. */
  #earliest(): Item[] | undefined {
    let earliest: Item[] | undefined;
    let time = Number.POSITIVE_INFINITY;
    for (const { items, isOpen } of this.#queues.values()) {
      const [first] = items;
      if (first === undefined && isOpen) return undefined;
      if (first === undefined || first.time >= time) continue;
      earliest = items;
      time = first.time;
    }
    return earliest;
  }
}
