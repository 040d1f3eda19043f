import type { CompiledFilter } from '../loop-safety/filter/filter.ts';
import type { FilterRecord } from '../loop-safety/filter/filter-record.ts';
import { guardSync } from '../loop-safety/guard.ts';
import type { Levels } from '../util/info.ts';
import { handleRejection, isThenable } from '../util/thenable.ts';
import type { RecordHeaders, RecordKey, TransportEntry } from './record.ts';
import { isTopicName, TOPIC_NAME_RULE } from './topic-name.ts';

/** The options that are functions, and are called for each record. */
export type RecordFunction = 'topic' | 'key' | 'partition' | 'headers' | 'filter';

/** Warns the application that one of its functions has failed. */
export interface FunctionWarnings {
  /** The function threw. @param consequence what becomes of the record */
  callbackFailed(name: RecordFunction, error: unknown, consequence: string): void;
  /** The function did not return what is `expected`. */
  invalidReturn(name: RecordFunction, expected: string, given: unknown, consequence: string): void;
}

/**
 * Calls the application's functions, each under the guard. If one throws or returns something unusable, it warns, and the record
 * goes without a key, say.
 */
export class RecordFunctions {
  readonly #warnings: FunctionWarnings;

  constructor(warnings: FunctionWarnings) {
    this.#warnings = warnings;
  }

  /** Whether the record passes the filter. */
  passes(filter: CompiledFilter, record: FilterRecord, levels: Levels = {}): boolean {
    try {
      return guardSync(filter.test, record, levels);
    } catch (error) {
      this.#warnings.callbackFailed('filter', error, 'the record is taken');
      return true;
    }
  }

  /** The name of the topic; `undefined` and the cause, if there is none. */
  topic(
    topic: string | ((entry: TransportEntry) => string),
    entry: TransportEntry,
  ): { name: string | undefined; cause: unknown } {
    if (typeof topic === 'string') return { name: topic, cause: undefined };
    const consequence = 'the record is dropped as invalid';
    let name: unknown;
    try {
      name = guardSync<[TransportEntry], unknown>(topic, entry);
    } catch (error) {
      this.#warnings.callbackFailed('topic', error, consequence);
      return { name: undefined, cause: error };
    }
    if (isTopicName(name)) return { name, cause: undefined };
    handleRejection(name);
    this.#warnings.invalidReturn('topic', TOPIC_NAME_RULE, name, consequence);
    return { name: undefined, cause: new Error('the topic function returned no topic name') };
  }

  key(key: (entry: TransportEntry) => unknown, entry: TransportEntry): RecordKey {
    const consequence = 'the record goes without a key';
    const value = this.#call('key', key, entry, consequence);
    if (typeof value === 'string') return value;
    if (Buffer.isBuffer(value)) return this.#call('key', copyOf, value, consequence) ?? null;
    this.#refuse('key', 'a string, a Buffer or null', value, consequence);
    return null;
  }

  /** Returns any number: if the topic has no such partition, the record is rejected, not sent to another one. */
  partition(partition: (entry: TransportEntry) => unknown, entry: TransportEntry): number | undefined {
    const consequence = 'the record goes to any partition, or to that of its key';
    const value = this.#call('partition', partition, entry, consequence);
    if (typeof value === 'number') return value;
    this.#refuse('partition', 'a number or undefined', value, consequence);
    return undefined;
  }

  headers(headers: (entry: TransportEntry) => unknown, entry: TransportEntry): RecordHeaders | undefined {
    try {
      // The result is read under the guard too: it may have a getter that logs.
      return guardSync(() => this.#usable(headers(entry)));
    } catch (error) {
      this.#warnings.callbackFailed('headers', error, 'the record goes without headers');
      return undefined;
    }
  }

  #usable(given: unknown): RecordHeaders | undefined {
    if (given === undefined || given === null) return undefined;
    if (typeof given !== 'object' || Array.isArray(given) || isThenable(given)) {
      handleRejection(given);
      this.#warnings.invalidReturn('headers', 'an object', given, 'the record goes without headers');
      return undefined;
    }
    // Without a prototype: `__proto__` is a name like any other here.
    const headers: RecordHeaders = Object.create(null);
    // A Map, or the headers of a `fetch`, has no fields.
    const entries = Symbol.iterator in given ? given : Object.entries(given);
    for (const [name, value] of entries as Iterable<[string, unknown]>) {
      if (typeof value === 'string') headers[name] = value;
      else if (Buffer.isBuffer(value)) headers[name] = copyOf(value);
      else if (value !== undefined) {
        this.#warnings.invalidReturn(
          'headers',
          'strings, Buffers or undefined',
          value,
          'that header is left out',
        );
      }
    }
    return headers;
  }

  /** Calls `fn` with `given`. @returns its result; `undefined` if it throws */
  #call<Given, Result>(
    name: RecordFunction,
    fn: (given: Given) => Result,
    given: Given,
    consequence: string,
  ): Result | undefined {
    try {
      return guardSync(fn, given);
    } catch (error) {
      this.#warnings.callbackFailed(name, error, consequence);
      return undefined;
    }
  }

  /** Warns of a wrong result, unless that is null or undefined. */
  #refuse(name: RecordFunction, expected: string, value: unknown, consequence: string): void {
    if (value === null || value === undefined) return;
    handleRejection(value);
    this.#warnings.invalidReturn(name, expected, value, consequence);
  }
}

/**
 * A copy of the bytes. The application may overwrite or transfer the original, or may have put a getter on it that throws
 * when the client encodes it.
 */
function copyOf(bytes: Buffer): Buffer {
  return guardSync(() => Buffer.from(bytes));
}
