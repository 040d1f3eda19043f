import { type Batch, isPacked } from '../accumulator/batch.ts';
import { headersToSend, timestampOf } from '../record/headers/sent-time.ts';
import type { RecordHeaders, RecordKey } from '../record/record.ts';

/** A message as kafkajs takes it. Built anew for every attempt: other engines change the ones they are given. */
export interface ClientMessage {
  value: string | Buffer;
  key: string | Buffer | null;
  headers?: Record<string, string | Buffer>;
  timestamp: string;
  partition?: number;
}

/** Values are texts, also where they stand in memory as bytes: a client that was given up may go on reading them. */
export function messagesOf({ content, partition }: Batch): ClientMessage[] {
  const messages: ClientMessage[] = [];
  let lastTime = Number.NaN;
  let timestamp = '';
  const add = (
    value: string | Buffer,
    key: RecordKey,
    headers: RecordHeaders | undefined,
    time: number,
  ): void => {
    // One string for all records of a millisecond: the client sorts them, and that is where it notices.
    if (time !== lastTime) {
      lastTime = time;
      timestamp = String(time);
    }
    const message: ClientMessage = { value, key, timestamp };
    if (headers !== undefined) message.headers = { ...headers };
    if (partition !== undefined) message.partition = partition;
    messages.push(message);
  };
  if (isPacked(content))
    content.each((page, at) => add(page.textAt(at), page.keyAt(at), page.headersAt(at), page.timeAt(at)));
  else
    for (const record of content)
      add(record.value ?? record.text, record.key, headersToSend(record), timestampOf(record));
  return messages;
}
