import { PackedRecords } from '../../../accumulator/store/packed-records.ts';
import { PageSlices } from '../../../accumulator/store/page-slices.ts';
import { RecordPage } from '../../../accumulator/store/record-page.ts';
import { headersToSend, timestampOf } from '../../../record/headers/sent-time.ts';
import { PendingRecord, type RecordHeaders, type RecordKey } from '../../../record/record.ts';

type WireHeaders = Record<string, string | Uint8Array>;

/**
 * Records that are objects (they have come back, or are left when the process ends) on their way to another thread. A
 * list for each field is half the price of a list of objects.
 */
export interface WireRecords {
  texts: string[];
  times: number[];
  seqs: number[];
  /** Left out where none has one, which is the rule. */
  values?: (string | Uint8Array | undefined)[];
  keys?: (string | Uint8Array | null)[];
  headers?: (WireHeaders | undefined)[];
  requestedPartitions?: (number | undefined)[];
}

/** Records as they stand in a page: a copy of that, which is handed over. What few of them have is listed by place. */
export interface WirePage {
  memory: ArrayBuffer;
  count: number;
  bytes: number;
  keys: [at: number, key: string | Uint8Array][];
  headers: [at: number, headers: WireHeaders][];
}

export function recordsToWire(records: readonly PendingRecord[]): WireRecords {
  const headers = records.map(headersToSend);
  return {
    texts: records.map(({ text }) => text),
    times: records.map(timestampOf),
    seqs: records.map(({ seq }) => seq),
    ...(records.some(({ value }) => value !== undefined) && { values: records.map(({ value }) => value) }),
    ...(records.some(({ key }) => key !== null) && { keys: records.map(({ key }) => key) }),
    ...(headers.some((own) => own !== undefined) && { headers }),
    ...(records.some(({ requestedPartition }) => requestedPartition !== undefined) && {
      requestedPartitions: records.map(({ requestedPartition }) => requestedPartition),
    }),
  };
}

export function recordsFromWire(
  topic: string,
  { texts, values, times, seqs, keys, headers, requestedPartitions }: WireRecords,
): PendingRecord[] {
  return texts.map((text, at) => {
    const time = times[at] ?? 0;
    const key = keys?.[at];
    const own = headers?.[at];
    const value = values?.[at];
    const record = new PendingRecord({
      topic,
      level: '',
      severity: 0,
      time,
      text,
      value: value === undefined ? undefined : asBuffer(value),
      key: key === null || key === undefined ? null : asBuffer(key),
      headers: own && headersOf(own),
      requestedPartition: requestedPartitions?.[at],
    });
    record.seq = seqs[at] ?? 0;
    return record;
  });
}

export function pagesToWire({ stretches }: PageSlices): WirePage[] {
  return stretches.map(({ page: { packed }, from, to, bytes }) => {
    const wire: WirePage = {
      memory: packed.copyOf(from, to),
      count: to - from,
      bytes,
      keys: [],
      headers: [],
    };
    if (!packed.isPlain) {
      for (let at = from; at < to; at++) {
        const key = packed.keyAt(at);
        if (key !== null) wire.keys.push([at - from, key]);
        const headers = packed.headersAt(at);
        if (headers !== undefined) wire.headers.push([at - from, headers]);
      }
    }
    return wire;
  });
}

export function pagesFromWire(pages: readonly WirePage[]): PageSlices {
  const packed = new PageSlices();
  for (const { memory, count, bytes, keys, headers } of pages) {
    const ownKeys: RecordKey[] = [];
    const ownHeaders: RecordHeaders[] = [];
    for (const [at, key] of keys) ownKeys[at] = asBuffer(key);
    for (const [at, of] of headers) ownHeaders[at] = headersOf(of);
    const page = new RecordPage(new PackedRecords(memory, ownKeys, ownHeaders));
    packed.add({ page, from: 0, to: count, bytes });
  }
  return packed;
}

function headersOf(headers: WireHeaders): RecordHeaders {
  // Without a prototype: `__proto__` is a name like any other here.
  const buffers: RecordHeaders = Object.create(null);
  for (const [name, value] of Object.entries(headers)) buffers[name] = asBuffer(value);
  return buffers;
}

/** A Buffer arrives as what it is made of, and kafkajs takes nothing but Buffers. */
function asBuffer(value: string | Uint8Array): string | Buffer {
  return typeof value === 'string' ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
