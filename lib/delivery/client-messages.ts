import { type Batch, isPacked } from './batch.ts';
import type { RecordHeaders, RecordKey } from './record.ts';

/** A message as kafkajs takes it. Built anew for every attempt: other engines change the ones they are given. */
export interface ClientMessage<Value extends string | Buffer = string> {
  value: Value;
  key: string | Buffer | null;
  headers?: Record<string, string | Buffer>;
  timestamp: string;
  partition?: number;
}

/** With texts as values: what any client takes. */
export function messagesOf(batch: Batch): ClientMessage[] {
  const messageOf = maker<string>(batch);
  const messages: ClientMessage[] = [];
  const { content } = batch;
  if (isPacked(content)) {
    content.each((page, at) => {
      messages.push(messageOf(page.textAt(at), page.keyAt(at), page.headersAt(at), page.timeAt(at)));
    });
  } else {
    for (const { text, key, headers, time } of content) messages.push(messageOf(text, key, headers, time));
  }
  return messages;
}

/** With values as they stand in memory, where they do: no copy is made. */
export function bytesMessagesOf(batch: Batch): ClientMessage<string | Buffer>[] {
  const { content } = batch;
  if (!isPacked(content)) return messagesOf(batch);
  const messageOf = maker<Buffer>(batch);
  const messages: ClientMessage<Buffer>[] = [];
  content.each((page, at) => {
    messages.push(messageOf(page.valueAt(at), page.keyAt(at), page.headersAt(at), page.timeAt(at)));
  });
  return messages;
}

function maker<Value extends string | Buffer>({ partition }: Batch) {
  let lastTime = Number.NaN;
  let timestamp = '';
  return (
    value: Value,
    key: RecordKey,
    headers: RecordHeaders | undefined,
    time: number,
  ): ClientMessage<Value> => {
    // One string for all records of a millisecond: the client sorts them, and that is where it notices.
    if (time !== lastTime) {
      lastTime = time;
      timestamp = String(time);
    }
    const message: ClientMessage<Value> = { value, key, timestamp };
    if (headers !== undefined) message.headers = { ...headers };
    if (partition !== undefined) message.partition = partition;
    return message;
  };
}
