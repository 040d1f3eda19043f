import { randomUUID } from 'node:crypto';
import type { TransportEntry } from '../record/record.ts';

export interface CloudEventsOptions {
  /** Who logs: a URI reference, such as `/shop/checkout`. */
  source: string | ((entry: TransportEntry) => string);
  /** The kind of event, such as `com.example.log`; a function may name it by the record. */
  type: string | ((entry: TransportEntry) => string);
  /** What the event is about. Default: none */
  subject?: (entry: TransportEntry) => string | undefined;
  /** Unique within the source. Default: a random UUID, identical across retries */
  id?: (entry: TransportEntry) => string;
  /** Media type of the formatted text, which is the event's data. Default: `application/json`, as winston's own format writes it */
  contentType?: string;
}

/** What the transport needs to write CloudEvents: spread it into its options. */
export interface CloudEventsFormat {
  headers(entry: TransportEntry): Record<string, string | undefined>;
  serialize(entry: TransportEntry): string;
}

/**
 * CloudEvents 1.0 in Kafka's binary mode: the attributes are headers (`ce_id`, `ce_source`, …), the formatted text is the data.
 *
 * @throws TypeError where `source` or `type` is missing or empty: an event without them is not valid
 * @example new KafkaTransport({ topic, kafka, ...cloudEvents({ source: '/shop', type: 'com.example.log' }) })
 */
export function cloudEvents({
  source,
  type,
  subject = () => undefined,
  id = () => randomUUID(),
  contentType = 'application/json',
}: CloudEventsOptions): CloudEventsFormat {
  checkRequired('source', source);
  checkRequired('type', type);
  return {
    headers: (entry) => ({
      'content-type': contentType,
      ce_specversion: '1.0',
      ce_id: id(entry),
      ce_source: typeof source === 'string' ? source : source(entry),
      ce_type: typeof type === 'string' ? type : type(entry),
      ce_time: new Date(entry.time).toISOString(),
      // The specification has no empty one.
      ce_subject: subject(entry) || undefined,
    }),
    serialize: ({ message }) => message,
  };
}

function checkRequired(name: string, value: unknown): void {
  if (typeof value === 'function' || (typeof value === 'string' && value !== '')) return;
  throw new TypeError(
    `cloudEvents: "${name}" is required by CloudEvents 1.0: give a text that is not empty, or a function that returns one.`,
  );
}
