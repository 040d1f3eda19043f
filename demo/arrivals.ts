/** A record as the topic holds it, in the order of its partition. */
export interface Arrived {
  partition: number;
  value: string;
}

export interface Arrivals {
  /** Records of the service, each counted once. */
  distinct: number;
  /** How often one of them came again. */
  duplicates: number;
  /** How many came, for the first time, after a later one of the same partition. */
  outOfOrder: number;
  /** What the service has not logged: lines of the Kafka client. */
  reentrant: number;
}

/** Counts what a topic holds. The service numbers its records in `seq`, from 0. */
export function countArrivals(records: readonly Arrived[]): Arrivals {
  const seen = new Set<number>();
  const latest = new Map<number, number>();
  const counts = { distinct: 0, duplicates: 0, outOfOrder: 0, reentrant: 0 };
  for (const { partition, value } of records) {
    const seq = seqOf(value);
    if (seq === undefined) {
      counts.reentrant++;
    } else if (seen.has(seq)) {
      counts.duplicates++;
    } else {
      seen.add(seq);
      const before = latest.get(partition) ?? -1;
      if (seq < before) counts.outOfOrder++;
      latest.set(partition, Math.max(before, seq));
    }
  }
  return { ...counts, distinct: seen.size };
}

function seqOf(value: string): number | undefined {
  const { seq } = JSON.parse(value) as { seq?: unknown };
  return typeof seq === 'number' ? seq : undefined;
}
