import type { PendingRecord } from '../../record/record.ts';
import { groupBy } from '../../util/group-by.ts';
import type { Entry } from './frames.ts';
import type { Segment } from './segment.ts';

// What is written in one go takes several times its bytes in memory, and becomes a segment of its own, which is read at once.
const MAX_RUN_BYTES = 1_048_576;

/** The segments of one owner, oldest first, and what they take on disk. */
export class Segments {
  #list: Segment[] = [];
  #bytes = 0;
  /** The one that is being read. All before it have been. */
  #reading: Segment | undefined;
  /** Whether there is none left to be read. Asked for each new record: there may be a thousand that wait. */
  #isReadThrough = false;

  /** What all of them take on disk. */
  get bytes(): number {
    return this.#bytes;
  }

  [Symbol.iterator](): IterableIterator<Segment> {
    return this.#list.values();
  }

  add(segment: Segment): void {
    this.#bytes += segment.size;
    this.#list.push(segment);
    this.#list.sort(byName);
    this.#reading = undefined;
    this.#isReadThrough = false;
  }

  /** The oldest one with records that are still to be read. */
  get unread(): Segment | undefined {
    if (this.#isReadThrough) return undefined;
    if (this.#reading === undefined || this.#reading.unread === 0) {
      this.#reading = this.#list.find((segment) => segment.unread > 0);
      this.#isReadThrough = this.#reading === undefined;
    }
    return this.#reading;
  }

  /** What has been passed over is to be read again. */
  beginAnew(): void {
    for (const segment of this.#list) segment.beginAnew();
    this.#reading = undefined;
    this.#isReadThrough = false;
  }

  /** @throws when they cannot be written */
  append(segment: Segment, records: readonly PendingRecord[], keeps: boolean, isPassedOver: boolean): void {
    const before = segment.size;
    segment.append(records, keeps, isPassedOver);
    this.#bytes += segment.size - before;
    this.#isReadThrough = false;
  }

  delete(segment: Segment): void {
    if (!this.#list.includes(segment)) return;
    this.#bytes -= segment.size;
    this.#list = this.#list.filter((other) => other !== segment);
    if (this.#reading === segment) this.#reading = undefined;
  }

  clear(): void {
    this.#list = [];
    this.#bytes = 0;
    this.#reading = undefined;
  }

  named(name: string): Segment | undefined {
    return this.#list.find((segment) => segment.name === name);
  }

  /** What is to be noted in which journal about records that stand here. */
  entriesOf(records: readonly PendingRecord[]): Map<Segment, Entry[]> {
    const bySegment = new Map<Segment, Entry[]>();
    let segment: Segment | undefined;
    for (const { spoolPosition, partition } of records) {
      if (spoolPosition === undefined) continue;
      if (segment?.name !== spoolPosition.segment) segment = this.named(spoolPosition.segment);
      if (segment === undefined) continue;
      const entry = { offset: spoolPosition.offset, partition };
      const entries = bySegment.get(segment);
      if (entries === undefined) bySegment.set(segment, [entry]);
      else entries.push(entry);
    }
    return bySegment;
  }

  /**
   * Runs of records between which no segment begins, each small enough to be written in one go.
   *
   * @param records by acceptance
   * @param nameOf what a segment that begins with it would be called
   */
  runsBetween(
    records: readonly PendingRecord[],
    nameOf: (record: PendingRecord) => string,
  ): PendingRecord[][] {
    let bytes = 0;
    let before = 0;
    const runs = groupBy(records, (record) => {
      bytes += record.bytes;
      const name = nameOf(record);
      while ((this.#list[before]?.name ?? name) < name) before++;
      return `${before} ${Math.floor(bytes / MAX_RUN_BYTES)}`;
    });
    return [...runs.values()];
  }
}

/** Named so that their names sort as their records do. */
export function byName(one: Segment, other: Segment): number {
  return one.name < other.name ? -1 : 1;
}

/** When the latest of their owners began, as their names have it; 0 where no name has it. */
export function latestStartOf(segments: readonly Segment[]): number {
  const starts = segments.map(({ name }) => Number(/^(\d{16})-/.exec(name)?.[1]));
  return starts.reduce(
    (latest, start) => (Number.isSafeInteger(start) ? Math.max(latest, start) : latest),
    0,
  );
}
