import { PendingRecord, type RecordHeaders, type RecordKey } from '../record.ts';

/**
 * Records on their way to another thread, a list for each field: half the price of a list of objects (measured for 500
 * texts of 260 bytes: 0.26 us a record, objects 0.5, one long text with lengths 0.4, a buffer that is handed over 0.5).
 */
export interface WireRecords {
  texts: string[];
  times: number[];
  seqs: number[];
  /** Left out where none has one, which is the rule. */
  keys?: (string | Uint8Array | null)[];
  headers?: (Record<string, string | Uint8Array> | undefined)[];
}

export function packed(records: readonly PendingRecord[]): WireRecords {
  return {
    texts: records.map(({ text }) => text),
    times: records.map(({ time }) => time),
    seqs: records.map(({ seq }) => seq),
    ...(records.some(({ key }) => key !== null) && { keys: records.map(({ key }) => key) }),
    ...(records.some(({ headers }) => headers !== undefined) && {
      headers: records.map(({ headers }) => headers),
    }),
  };
}

export function unpacked(topic: string, { texts, times, seqs, keys, headers }: WireRecords): PendingRecord[] {
  return texts.map((text, at) => {
    const time = times[at] ?? 0;
    const record = new PendingRecord(
      topic,
      '',
      0,
      time,
      text,
      keyOf(keys?.[at]),
      headersOf(headers?.[at]),
      undefined,
    );
    record.seq = seqs[at] ?? 0;
    return record;
  });
}

function keyOf(key: string | Uint8Array | null | undefined): RecordKey {
  return key === null || key === undefined ? null : asBuffer(key);
}

function headersOf(headers: Record<string, string | Uint8Array> | undefined): RecordHeaders | undefined {
  if (headers === undefined) return undefined;
  // Without a prototype: `__proto__` is a name like any other here.
  const buffers: RecordHeaders = Object.create(null);
  for (const [name, value] of Object.entries(headers)) buffers[name] = asBuffer(value);
  return buffers;
}

/** A Buffer arrives as what it is made of, and kafkajs takes nothing but Buffers. */
function asBuffer(value: string | Uint8Array): string | Buffer {
  return typeof value === 'string' ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
