import type { CallSite } from '../loop-safety/call-site/call-site.ts';
import { Serialization } from './value/serialization.ts';

/** Why a record will not reach Kafka. */
export type DropReason = 'overflow' | 'oversize' | 'rejected' | 'expired' | 'closed' | 'invalid';

export const DROP_REASONS: readonly DropReason[] = [
  'overflow',
  'oversize',
  'rejected',
  'expired',
  'closed',
  'invalid',
];

/** The result of `key`: `null` for no key. */
export type RecordKey = string | Buffer | null;
export type RecordHeaders = Record<string, string | Buffer>;

/** Where an accepted record is. `settled`: delivered, dropped, or only on disk. */
export type RecordState = 'queued' | 'in-flight' | 'settled';

/** The position of a record on disk: the segment's name, and the offset in it. */
export interface SpoolPosition {
  readonly segment: string;
  readonly offset: number;
}

/** What a record is made of. */
export interface RecordContent {
  readonly topic: string;
  readonly level: string;
  readonly severity: number;
  readonly time: number;
  readonly text: string;
  /** The record's value in Kafka, if `serialize` has made one that is not the text. */
  readonly value?: string | Buffer | undefined;
  readonly key: RecordKey;
  readonly headers?: RecordHeaders | undefined;
  readonly requestedPartition?: number | undefined;
  readonly info?: object | undefined;
  /** The argument for `serialize`, if it has yet to make the value. */
  readonly entry?: TransportEntry | undefined;
}

/** The queue in which a record waits. */
export interface RecordQueueRef {
  /** Removes a record from any position. */
  discard(record: PendingRecord): void;
}

/**
 * An accepted record: everything that is kept of an info. Every field is initialised here, so that all records share one
 * hidden class. While many wait, most are packed in pages and are not objects (`RecordPage`).
 */
export class PendingRecord {
  state: RecordState = 'queued';
  /** The queue it waits in. Kept here so that it can be taken out without searching. */
  queue: RecordQueueRef | undefined = undefined;
  /** Its position on disk, if it is there. */
  spoolPosition: SpoolPosition | undefined = undefined;
  /**
   * The partition that it was sent to. The broker may have this record and later ones there, so a retry, also by another
   * process, must go to the same partition.
   */
  partition: number | undefined = undefined;
  /** Whether other code references this object: then it must not be packed into a page and recreated later. */
  isPinned = false;
  /** Whether a send of it has failed. */
  hasBeenSent = false;
  /** Its position in a severity queue, relative to an arbitrary start. */
  queueIndex = 0;
  /** Position in the order of acceptance, from 1. */
  seq = 0;
  /** When it was accepted, on the monotonic clock (the system clock may jump); only set if records expire. */
  acceptedAt = 0;

  readonly topic: string;
  readonly level: string;
  /** The level's number in the logger's table: lower is more severe. */
  readonly severity: number;
  /** Epoch milliseconds of the moment winston handed it over; the record's timestamp in Kafka, unless `sentTime` is set. */
  readonly time: number;
  /** The timestamp in Kafka if the broker refuses `time` as too old; `time` is sent in a header then. */
  sentTime: number | undefined = undefined;
  readonly key: RecordKey;
  readonly headers: RecordHeaders | undefined;
  /** The only partition that it may go to, if the option `partition` has named one. */
  readonly requestedPartition: number | undefined;
  /** Size of text, key and headers in bytes, and of the value if it is not the text. */
  bytes: number;
  /** The formatted text; emptied once settled, because queues may refer to a settled record for a while. */
  text: string;
  /** The value in Kafka, if it is not the text. */
  value: string | Buffer | undefined;
  /** The state of its serialization, until `serialize` has made its value. */
  serialization: Serialization | undefined;
  /** Only kept if there is a `logged` listener. */
  info: object | undefined;

  constructor(content: RecordContent, bytes: number = sizeOf(content)) {
    this.topic = content.topic;
    this.level = content.level;
    this.severity = content.severity;
    this.time = content.time;
    this.text = content.text;
    this.value = content.value;
    this.key = content.key;
    this.headers = content.headers;
    this.requestedPartition = content.requestedPartition;
    this.info = content.info;
    this.serialization = content.entry && new Serialization(content.entry);
    this.bytes = bytes;
  }

  /** Sets the value. This changes `bytes`, so it must not be called while the record is counted or in a queue. */
  setValue(value: string | Buffer): void {
    this.serialization = undefined;
    if (value === this.text) return;
    this.value = value;
    this.bytes += Buffer.byteLength(value);
  }

  /** Frees its content: queues may reference a settled record for a while. */
  empty(): void {
    this.text = '';
    this.value = undefined;
    this.info = undefined;
    this.serialization = undefined;
  }
}

/** Its size in the limits of `buffer`, `batch.maxBytes` and the spool, and in a page. */
function sizeOf({ text, value, key, headers }: RecordContent): number {
  let bytes = Buffer.byteLength(text);
  if (value !== undefined) bytes += Buffer.byteLength(value);
  if (key !== null) bytes += Buffer.byteLength(key);
  for (const name in headers) bytes += Buffer.byteLength(name) + Buffer.byteLength(headers[name] ?? '');
  return bytes;
}

/** The argument of the options `topic`, `key`, `partition`, `headers` and `serialize`. */
export interface TransportEntry {
  readonly level: string;
  /** The formatted text: the record's value, unless `serialize` makes another one. */
  readonly message: string;
  /** Epoch milliseconds; the record's timestamp in Kafka. */
  readonly time: number;
  /** The winston info. Read it, don't keep or change it: it is shared with the logger's other transports. */
  readonly info: Readonly<Record<string | symbol, unknown>>;
  /** Where the record was logged: captured if a `filter` needs it, or with `callSite: true`. */
  readonly origin: CallSite | undefined;
}
