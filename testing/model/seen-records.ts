// What the model's clients and brokers see of the records in a batch.
import { type Batch, isPacked } from '../../lib/accumulator/batch.ts';
import { withRefusedIndexes } from '../../lib/clients/refused-records.ts';
import { timestampOf } from '../../lib/record/headers/sent-time.ts';
import type { PendingRecord, RecordKey } from '../../lib/record/record.ts';
import type { ModelTopic } from './broker.ts';

// What a record's text may say of it, behind its number: it is too large, refused for good, or cannot be encoded.
export const BIG = 'big';
export const BAD = 'bad';
export const ODD = 'odd';

export interface SeenRecord {
  readonly id: number;
  readonly key: RecordKey;
  readonly time: number;
  readonly mark: string | undefined;
}

export function idOf(text: string): number {
  return Number.parseInt(text, 10);
}

export function seenIn({ content }: Batch): SeenRecord[] {
  if (!isPacked(content)) return content.map(seen);
  const records: SeenRecord[] = [];
  content.each((page, at) => {
    const text = page.textAt(at);
    records.push({ id: idOf(text), key: page.keyAt(at), time: page.timeAt(at), mark: text.split(' ')[1] });
  });
  return records;
}

function seen(record: PendingRecord): SeenRecord {
  const text = String(record.value ?? record.text);
  return { id: idOf(text), key: record.key, time: timestampOf(record), mark: text.split(' ')[1] };
}

/** @param namesRefused whether the refused ones are named, as from Produce version 8 on @throws what a broker refuses them with */
export function judge(
  records: readonly SeenRecord[],
  topic: ModelTopic,
  now: number,
  namesRefused: boolean,
): void {
  if (records.some(({ mark }) => mark === BIG)) throw protocolError('MESSAGE_TOO_LARGE', 10);
  if (records.some(({ time }) => topic.isTooOld(now - time))) throw protocolError('INVALID_TIMESTAMP', 32);
  const refused = [...records.entries()]
    .filter(([, { mark, key }]) => mark === BAD || (topic.refusesKeyless && key === null))
    .map(([at]) => at);
  if (refused.length === 0) return;
  const error = protocolError('INVALID_RECORD', 87);
  throw namesRefused ? withRefusedIndexes(error, refused) : error;
}

export function protocolError(type: string, code: number): Error {
  return Object.assign(new Error(type), { name: 'KafkaJSProtocolError', type, code });
}

export function connectionError(message: string): Error {
  return Object.assign(new Error(message), { name: 'KafkaJSConnectionError' });
}
