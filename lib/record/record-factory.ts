import { type CallSite, plainSite } from '../loop-safety/call-site/call-site.ts';
import type { CompiledFilter } from '../loop-safety/filter/filter.ts';
import { InfoRecord } from '../loop-safety/filter/filter-record.ts';
import type { Sampling } from '../sampling/sampling.ts';
import type { Clock } from '../time/clock.ts';
import { type Info, type Levels, levelOf } from '../util/info.ts';
import type { SpanContext } from '../util/open-telemetry-api.ts';
import { fingerprintOf } from './fingerprint.ts';
import { withHops } from './headers/hops.ts';
import { withRecordId } from './headers/record-id.ts';
import { withTraceContext } from './headers/trace-headers.ts';
import { isPartition, NoSuchPartitionError } from './partition.ts';
import { PendingRecord, type RecordHeaders, type RecordKey, type TransportEntry } from './record.ts';
import { type FunctionWarnings, RecordFunctions } from './record-functions.ts';
import { textOf } from './value/info-text.ts';
import type { Redaction } from './value/redaction.ts';

/** The result for an info: a record to send, a record that cannot be sent, or none because it is not wanted. */
export type Admission =
  | { kind: 'record'; record: PendingRecord }
  | { kind: 'invalid' | 'rejected'; record: PendingRecord; cause: unknown }
  /** Kept from Kafka on purpose: by `filter`, or by `sample` or `rateLimit`. */
  | { kind: 'filtered' }
  | { kind: 'sampled' };

/** The options that can change at run time. */
export interface RecordSelection {
  readonly filter: CompiledFilter | undefined;
  readonly sampling: Sampling | undefined;
}

/** The options that concern the making of records. */
export interface RecordFactoryOptions extends RecordSelection {
  readonly topic: string | ((entry: TransportEntry) => string);
  readonly key: ((entry: TransportEntry) => RecordKey | undefined) | undefined;
  readonly headers:
    | ((entry: TransportEntry) => Record<string, string | Buffer | undefined> | undefined)
    | undefined;
  readonly partition: ((entry: TransportEntry) => number | undefined) | undefined;
  readonly recordId: boolean;
  readonly loopHeader: boolean;
  readonly redact: Redaction | undefined;
  /** Called later, by the sender; here it matters only whether it is set. */
  readonly serialize: object | undefined;
}

/** Makes records of winston's infos. */
export class RecordFactory {
  readonly #options: RecordFactoryOptions;
  readonly #functions: RecordFunctions;
  readonly #clock: Clock;
  #selection: RecordSelection;

  constructor(options: RecordFactoryOptions, warnings: FunctionWarnings, clock: Clock) {
    this.#options = options;
    const { filter, sampling } = options;
    this.#selection = { filter, sampling };
    this.#functions = new RecordFunctions(warnings);
    this.#clock = clock;
  }

  /** Changes which records are wanted. @param update gets the present selection */
  update(update: (selection: RecordSelection) => RecordSelection): void {
    this.#selection = update(this.#selection);
  }

  /** @param keepInfo whether the `logged` event will need the info */
  create(
    info: Info,
    levels: Levels | undefined,
    origin: CallSite | undefined,
    span: SpanContext | undefined,
    keepInfo: boolean,
  ): Admission {
    const { topic, key, headers, partition, redact, serialize } = this.#options;
    const { filter, sampling } = this.#selection;
    const time = this.#clock.wall();
    const level = levelOf(info);
    const severity = severityOf(level, levels);
    const text = textOf(info);
    if (filter !== undefined) {
      const record = new InfoRecord(info, level, severity, text, time, origin);
      if (!this.#functions.passes(filter, record, levels)) return { kind: 'filtered' };
    }
    if (sampling !== undefined && !isError(level, severity, levels)) {
      if (!sampling.keeps(level, () => fingerprintOf(info, level, text, origin))) return { kind: 'sampled' };
    }
    const message = redact === undefined ? text : redact.text(info, text);
    const isPlain =
      key === undefined && headers === undefined && partition === undefined && serialize === undefined;
    const kept = keepInfo ? info : undefined;
    if (typeof topic === 'string' && isPlain && span === undefined && !this.#addsHeaders) {
      // No object is spread on this path: Node 20 takes 5 us for that.
      const record = new PendingRecord({
        topic,
        level,
        severity,
        time,
        text: message,
        key: null,
        headers: undefined,
        requestedPartition: undefined,
        info: kept,
      });
      return { kind: 'record', record };
    }
    // Redacts a copy of the info only if a function of the application gets it.
    const isShown = typeof topic === 'function' || !isPlain;
    const shown = redact === undefined || !isShown ? info : redact.info(info, level, message);
    const entry: TransportEntry = { level, message, time, info: shown, origin: origin && plainSite(origin) };
    const { name, cause } = this.#functions.topic(topic, entry);
    const recordKey = key === undefined ? null : this.#functions.key(key, entry);
    const requestedPartition =
      partition === undefined ? undefined : this.#functions.partition(partition, entry);
    const callers = headers === undefined ? undefined : this.#functions.headers(headers, entry);
    const record = new PendingRecord({
      topic: name ?? '',
      level,
      severity,
      time,
      text: message,
      info: kept,
      key: recordKey,
      headers: this.#withOwn(callers, info, span),
      requestedPartition,
      entry: serialize && entry,
    });
    if (name === undefined) return { kind: 'invalid', record, cause };
    if (requestedPartition === undefined || isPartition(requestedPartition))
      return { kind: 'record', record };
    return { kind: 'rejected', record, cause: new NoSuchPartitionError(name, requestedPartition) };
  }

  /** A record of the transport's own. It has no key, and no filter can keep it out. */
  createOwn(info: Info, level: string, message: string): Admission {
    const { topic } = this.#options;
    const time = this.#clock.wall();
    const entry: TransportEntry = { level, message, time, info, origin: undefined };
    const { name, cause } = this.#functions.topic(topic, entry);
    const headers = this.#withOwn(undefined, info, undefined);
    const record = new PendingRecord({
      topic: name ?? '',
      level,
      severity: 0,
      time,
      text: message,
      key: null,
      headers,
      info,
      entry: this.#options.serialize && entry,
    });
    return name === undefined ? { kind: 'invalid', record, cause } : { kind: 'record', record };
  }

  /** Makes the record that is counted for an info that could not be read. */
  createUnreadable(): PendingRecord {
    return new PendingRecord({
      topic: '',
      level: '',
      severity: Number.MAX_SAFE_INTEGER,
      time: this.#clock.wall(),
      text: '',
      key: null,
    });
  }

  get #addsHeaders(): boolean {
    return this.#options.recordId || this.#options.loopHeader;
  }

  /** Adds the transport's own headers. */
  #withOwn(
    headers: RecordHeaders | undefined,
    info: Info,
    span: SpanContext | undefined,
  ): RecordHeaders | undefined {
    const traced = span === undefined ? headers : withTraceContext(headers, span);
    const withId = this.#options.recordId ? withRecordId(traced) : traced;
    return this.#options.loopHeader ? withHops(withId, info) : withId;
  }
}

/** Whether a level is at least as severe as `error`; if there is no such level, whether it is the most severe one. */
function isError(level: string, severity: number, levels: Levels | undefined): boolean {
  if (level === 'error' || levels === undefined) return level === 'error';
  return severity <= (levels.error ?? Math.min(...Object.values(levels)));
}

/** A level that the logger does not have is the least severe, even if `Object.prototype` has a field of its name. */
function severityOf(level: string, levels: Levels | undefined): number {
  const severity: unknown = levels?.[level];
  return typeof severity === 'number' ? severity : Number.MAX_SAFE_INTEGER;
}
