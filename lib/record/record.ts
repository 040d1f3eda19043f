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

/** What `key` gives: `null` for none. */
export type RecordKey = string | Buffer | null;
export type RecordHeaders = Record<string, string | Buffer>;

/** Where an accepted record is: waiting, with the Kafka client, or done with (delivered, dropped, or left on disk). */
export type RecordState = 'queued' | 'in-flight' | 'settled';

/** Where a record stands on disk: the segment's name, and the offset in it. */
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
  /** The record's value in Kafka, where `serialize` has made another one of the text. */
  readonly value?: string | Buffer | undefined;
  readonly key: RecordKey;
  readonly headers?: RecordHeaders | undefined;
  readonly requestedPartition?: number | undefined;
  readonly info?: object | undefined;
  /** What `serialize` is to be asked with, where it has yet to make the value. */
  readonly entry?: TransportEntry | undefined;
}

/** What a record waits in. */
export interface RecordQueueRef {
  /** Takes out a record that waits here, wherever it stands. */
  discard(record: PendingRecord): void;
}

/**
 * A record on its way: all that is kept of the info after winston has handed it over. Every field is set here, so that
 * all of them share one hidden class. While many wait, most of them stand in pages and are no objects (`RecordPage`).
 */
export class PendingRecord {
  state: RecordState = 'queued';
  /** The queue it waits in. Kept here so that it can be taken out without searching. */
  queue: RecordQueueRef | undefined = undefined;
  /** Where it stands on disk, if it does. */
  spoolPosition: SpoolPosition | undefined = undefined;
  /**
   * The partition that it was sent to. The broker may have it already, and has later ones, so a retry must go to the same one,
   * also by another process.
   */
  partition: number | undefined = undefined;
  /** Whether other code keeps a reference to this object: then it must not be packed into a page and made anew later. */
  isPinned = false;
  /** Whether it has been sent before, and has come back. */
  hasBeenSent = false;
  /** Where it stands in a queue that keeps the severities apart, counted from anywhere. */
  queueIndex = 0;
  /** Position in the order of acceptance, from 1. */
  seq = 0;
  /** When, on the monotonic clock; only kept when records expire. Not `time`: a system clock jumps. */
  acceptedAt = 0;

  readonly topic: string;
  readonly level: string;
  /** The level's number in the logger's table: lower is more severe. */
  readonly severity: number;
  /** Epoch milliseconds of the moment winston handed it over; the record's timestamp in Kafka, unless `sentTime` is. */
  readonly time: number;
  /** The timestamp in Kafka instead, where the broker takes none as old as `time`; that goes in a header then. */
  sentTime: number | undefined = undefined;
  readonly key: RecordKey;
  readonly headers: RecordHeaders | undefined;
  /** The one partition that it may go to, where the option `partition` has named one. */
  readonly requestedPartition: number | undefined;
  /** Size of value, key and headers in bytes; with a value that is not the text, that of both. */
  bytes: number;
  /** The formatted text; emptied once settled, because queues may refer to a settled record for a while. */
  text: string;
  /** The value in Kafka, where that is not the text. */
  value: string | Buffer | undefined;
  /** What is known of its value, as long as `serialize` has not made it; nothing where there is no `serialize`. */
  serialization: Serialization | undefined;
  /** Only kept when somebody listens for `logged`. */
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

  /** Its value is known. Not while it waits in a queue, or is counted: these go by its size. */
  setValue(value: string | Buffer): void {
    this.serialization = undefined;
    if (value === this.text) return;
    this.value = value;
    this.bytes += Buffer.byteLength(value);
  }

  /** Memory does not need its content any more, though queues may refer to it for a while. */
  empty(): void {
    this.text = '';
    this.value = undefined;
    this.info = undefined;
    this.serialization = undefined;
  }
}

/** What it counts for in the limits of `buffer`, `batch.maxBytes` and the spool, and how much room it needs in a page. */
function sizeOf({ text, value, key, headers }: RecordContent): number {
  let bytes = Buffer.byteLength(text);
  if (value !== undefined) bytes += Buffer.byteLength(value);
  if (key !== null) bytes += Buffer.byteLength(key);
  for (const name in headers) bytes += Buffer.byteLength(name) + Buffer.byteLength(headers[name] ?? '');
  return bytes;
}

/** What the caller's functions `topic`, `key`, `partition`, `headers` and `serialize` are given. */
export interface TransportEntry {
  readonly level: string;
  /** The formatted text: what will be the record's value, unless `serialize` makes another one. */
  readonly message: string;
  /** Epoch milliseconds; the record's timestamp in Kafka. */
  readonly time: number;
  /** The winston info. Read it, don't keep or change it: it is shared with the logger's other transports. */
  readonly info: Readonly<Record<string | symbol, unknown>>;
  /** Where the record was logged: there when a `filter` or `callSite: true` has it captured. */
  readonly origin: CallSite | undefined;
}
