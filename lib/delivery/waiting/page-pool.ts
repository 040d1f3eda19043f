import { RecordPage } from './record-page.ts';

// Where little waits, pages are small: a thousand topics with a few records each would otherwise take 64 MiB.
const LEAST_BYTES = 4_096;
// Some two hundred records of the usual size.
const MOST_BYTES = 65_536;
// In an outage a page becomes free whenever one is needed; what is kept beyond that is of use to nobody.
const MOST_FREE = 16;

/** Pages that are used again: memory outside of V8's heap is given back late. */
export class PagePool {
  readonly #free: RecordPage[] = [];

  /** @param wanted about how many bytes there is use for */
  take(wanted: number): RecordPage {
    let size = LEAST_BYTES;
    while (size < wanted && size < MOST_BYTES) size *= 2;
    return (size === MOST_BYTES ? this.#free.pop() : undefined) ?? new RecordPage(size);
  }

  /** Takes back a page that is not needed any more. */
  give(page: RecordPage): void {
    if (page.size < MOST_BYTES || this.#free.length === MOST_FREE) return;
    page.clear();
    this.#free.push(page);
  }
}
