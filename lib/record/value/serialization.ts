import type { TransportEntry } from '../record.ts';

/** What has come of `serialize`. `outage`: what it needs (a schema registry, say) is not there now. */
export type Serialized =
  | { readonly kind: 'value'; readonly value: string | Buffer }
  | { readonly kind: 'failed' | 'outage'; readonly cause: unknown };

/** What is known of the value of a record, as long as it has none. `Serializing` writes it. */
export class Serialization {
  /** What `serialize` is asked with. */
  readonly entry: TransportEntry;
  isAsked = false;
  result: Serialized | undefined = undefined;
  /** How often in a row what it needs was not there, and when to ask again. */
  failures = 0;
  notBefore = 0;

  constructor(entry: TransportEntry) {
    this.entry = entry;
  }
}
