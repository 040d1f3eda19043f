import { guardSync, runGuarded } from '../../loop-safety/guard.ts';
import { isThenable } from '../../util/thenable.ts';
import type { TransportEntry } from '../record.ts';
import { isOutage } from './is-outage.ts';
import type { Serialized } from './serialization.ts';

/** Makes the value of a record. */
export type Serialize = (entry: TransportEntry) => string | Buffer | PromiseLike<string | Buffer>;

/** Who tells the application that its function has failed. */
export interface SerializeWarnings {
  callbackFailed(name: 'serialize', error: unknown, consequence: string): void;
  invalidReturn(name: 'serialize', expected: string, given: unknown, consequence: string): void;
}

const CONSEQUENCE = 'the record is dropped as invalid';

/** Calls the application's `serialize`, under the guard: what it logs, also after an `await`, never goes to Kafka. */
export class Serializer {
  readonly #serialize: Serialize;
  readonly #warnings: SerializeWarnings;

  constructor(serialize: Serialize, warnings: SerializeWarnings) {
    this.#serialize = serialize;
    this.#warnings = warnings;
  }

  /** @returns what has come of it; a promise of that only where the function has returned one */
  serialize(entry: TransportEntry): Serialized | PromiseLike<unknown> {
    try {
      const result: unknown = runGuarded(() => this.#serialize(entry));
      return isThenable(result) ? result : this.checked(result);
    } catch (error) {
      return this.failed(error);
    }
  }

  checked(value: unknown): Serialized {
    if (typeof value === 'string') return { kind: 'value', value };
    try {
      // A copy: the caller may write over them before they are sent.
      if (Buffer.isBuffer(value)) return { kind: 'value', value: guardSync(() => Buffer.from(value)) };
    } catch (error) {
      return this.failed(error);
    }
    this.#warnings.invalidReturn(
      'serialize',
      'a string or a Buffer, or a promise of one',
      value,
      CONSEQUENCE,
    );
    return {
      kind: 'failed',
      cause: new Error('the serialize function returned neither a string nor a Buffer'),
    };
  }

  failed(cause: unknown): Serialized {
    if (isOutage(cause)) return { kind: 'outage', cause };
    this.#warnings.callbackFailed('serialize', cause, CONSEQUENCE);
    return { kind: 'failed', cause };
  }
}
