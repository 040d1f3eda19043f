import { PackedRecords } from './packed-records.ts';
import { RecordPage } from './record-page.ts';

// Where little waits, pages are small: a thousand topics with a few records each would otherwise take 64 MiB.
const MIN_BYTES = 4_096;
// Some two hundred records of the usual size.
const MAX_BYTES = 65_536;
// Of one size. Where records flow, pages become free as fast as they are needed.
const MAX_FREE_PAGES = 32;

/** Makes pages, and uses them again: memory outside of V8's heap is given back late. */
export class PagePool {
  readonly #free = new Map<number, RecordPage[]>();

  /** @param wanted about how many bytes there is use for */
  take(wanted: number): RecordPage {
    let size = MIN_BYTES;
    while (size < wanted && size < MAX_BYTES) size *= 2;
    const page = this.#free.get(size)?.pop();
    // Not out of Node's own pool: its numbers have to begin where a number may stand. Nothing is read that was not written.
    return (
      page ??
      new RecordPage(new PackedRecords(Buffer.allocUnsafeSlow(size).buffer), (free) => this.#give(free))
    );
  }

  #give(page: RecordPage): void {
    // What its records had beside their texts is not to be held until the page is needed.
    page.clear();
    const free = this.#free.get(page.packed.size);
    if (free === undefined) this.#free.set(page.packed.size, [page]);
    else if (free.length < MAX_FREE_PAGES) free.push(page);
  }
}
