// Reads OTLP JSON as strictly as proto3's JSON mapping has it: a field that is not known, a number that does not fit, a text that
// is no UTF-8 or a null in a list throws.
import { fromJson, type JsonObject, type JsonValue, type Message } from '@bufbuild/protobuf';
import { ExportLogsServiceRequest } from './otlp-schema.ts';

/**
 * OTLP departs from proto3's JSON in two ways (opentelemetry-proto, docs/specification.md, "JSON Protobuf Encoding"): ids are hex
 * and not base64, and enums are their numbers and never their names.
 */
function withoutDepartures(json: JsonValue, name = ''): JsonValue {
  if (name === 'traceId' || name === 'spanId') {
    const length = name === 'traceId' ? 32 : 16;
    if (typeof json !== 'string' || !/^[0-9a-f]*$/i.test(json) || json.length !== length)
      throw new Error(`${name} is not ${length} hex digits: ${JSON.stringify(json)}`);
    return Buffer.from(json, 'hex').toString('base64');
  }
  if (name === 'severityNumber' && !(Number.isInteger(json) && Number(json) >= 0 && Number(json) <= 24))
    throw new Error(`severityNumber is none of OTLP's: ${JSON.stringify(json)}`);
  if (Array.isArray(json)) return json.map((one) => withoutDepartures(one));
  if (typeof json !== 'object' || json === null) return json;
  // Values of attributes are below `stringValue` and its like, and names of attributes are values: no field is taken for another.
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [key, withoutDepartures(value as JsonValue, key)]),
  );
}

/** The request that a text is. @throws for one that OTLP does not allow */
export function readOtlp(text: string): Message {
  return fromJson(ExportLogsServiceRequest, withoutDepartures(JSON.parse(text) as JsonObject));
}

interface KeyValue {
  key: string;
  value?: AnyValue;
}

interface AnyValue {
  value: { case: string | undefined; value?: unknown };
}

/** The value in JavaScript's words that an AnyValue stands for. */
export function plainOf(any: AnyValue | undefined): unknown {
  const { case: kind, value } = any?.value ?? { case: undefined };
  if (kind === undefined) return null;
  if (kind === 'intValue') return Number(value);
  if (kind === 'arrayValue') return (value as { values: AnyValue[] }).values.map(plainOf);
  if (kind === 'kvlistValue') return fieldsOf((value as { values: KeyValue[] }).values);
  return value;
}

/** By `defineProperty`: a field may be called `__proto__`. */
export function fieldsOf(values: readonly KeyValue[]): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const { key, value } of values)
    Object.defineProperty(fields, key, { value: plainOf(value), enumerable: true, configurable: true });
  return fields;
}

export interface OtlpLogRecord {
  timeUnixNano: bigint;
  observedTimeUnixNano: bigint;
  severityNumber: number;
  severityText: string;
  flags: number;
  traceId: Uint8Array;
  spanId: Uint8Array;
  body: AnyValue;
  attributes: KeyValue[];
}

/** The one log record of a request. */
export function logRecordIn(text: string): OtlpLogRecord {
  const { resourceLogs } = readOtlp(text) as unknown as {
    resourceLogs: { scopeLogs: { logRecords: OtlpLogRecord[] }[] }[];
  };
  const records = resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords));
  if (records.length !== 1) throw new Error(`there are ${records.length} log records`);
  return records[0] as OtlpLogRecord;
}
