import { readSafely } from '../util/read-safely.ts';
import { isAnyError } from '../util/safely.ts';

/** OTLP's AnyValue in proto3's JSON mapping; one without a field is null. */
export type AnyValue = Record<string, unknown>;

export interface KeyValue {
  key: string;
  value: AnyValue;
}

// What is deeper is written as text: the Collector refuses what is very deep.
const MAX_DEPTH = 16;
const MAX_INT64 = 2n ** 63n - 1n;

/** The fields of an object, but for those that are undefined or functions, as JSON leaves them out. */
export function keyValues(object: object, within: readonly object[] = []): KeyValue[] {
  const inside = [...within, object];
  return Object.keys(object).flatMap((name) => {
    const key = name.toWellFormed();
    const read = readSafely(() => (object as Record<string, unknown>)[name]);
    if ('threw' in read) return [{ key, value: { stringValue: read.threw } }];
    return isData(read.value) ? [{ key, value: anyValue(read.value, inside) }] : [];
  });
}

/** @param within the objects around it, for those that go round in circles */
export function anyValue(value: unknown, within: readonly object[] = []): AnyValue {
  // Half of a surrogate pair, as a text has that was cut off, is no UTF-8: readers of proto3's JSON refuse the whole request.
  if (typeof value === 'string') return { stringValue: value.toWellFormed() };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return numberValue(value);
  // 64 bits are strings in proto3's JSON; OTLP has no larger ones.
  if (typeof value === 'bigint')
    return value <= MAX_INT64 && value >= -MAX_INT64 - 1n
      ? { intValue: String(value) }
      : { stringValue: String(value) };
  if (typeof value !== 'object' || value === null) return {};
  // One field that throws does not cost the others.
  const read = readSafely(() => objectValue(value, within));
  return 'threw' in read ? { stringValue: read.threw } : read.value;
}

function numberValue(value: number): AnyValue {
  if (Number.isSafeInteger(value)) return { intValue: String(value) };
  return { doubleValue: Number.isFinite(value) ? value : String(value) };
}

function objectValue(value: object, within: readonly object[]): AnyValue {
  if (within.includes(value)) return { stringValue: '[Circular]' };
  if (within.length >= MAX_DEPTH) return { stringValue: '[Object]' };
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) {
    const inside = [...within, value];
    // Not map(): it leaves holes, JSON writes null for them, and a repeated field has no null.
    return { arrayValue: { values: Array.from(value, (one) => anyValue(one, inside)) } };
  }
  if (isAnyError(value)) {
    // By name: a field of an error's own may not be enumerable.
    const { name, message, stack, cause, ...others } = value;
    const fields = { name, message, stack, cause, ...others };
    return { kvlistValue: { values: keyValues(fields, [...within, value]) } };
  }
  const { toJSON } = value as { toJSON?: unknown };
  const plain: unknown = typeof toJSON === 'function' ? toJSON.call(value) : value;
  if (plain !== value) return anyValue(plain, [...within, value]);
  return { kvlistValue: { values: keyValues(value, within) } };
}

function isData(value: unknown): boolean {
  return value !== undefined && typeof value !== 'function' && typeof value !== 'symbol';
}
