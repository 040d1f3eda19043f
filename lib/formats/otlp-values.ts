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
  return Object.entries(object)
    .filter(([, value]) => isData(value))
    .map(([key, value]) => ({ key, value: anyValue(value, [...within, object]) }));
}

/** @param within the objects around it, for those that go round in circles */
export function anyValue(value: unknown, within: readonly object[] = []): AnyValue {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return numberValue(value);
  // 64 bits are strings in proto3's JSON; OTLP has no larger ones.
  if (typeof value === 'bigint')
    return value <= MAX_INT64 && value >= -MAX_INT64 - 1n
      ? { intValue: String(value) }
      : { stringValue: String(value) };
  if (typeof value !== 'object' || value === null) return {};
  return objectValue(value, within);
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
    return { arrayValue: { values: value.map((one) => anyValue(one, inside)) } };
  }
  if (isError(value)) {
    const { name, message, stack, ...others } = value;
    return { kvlistValue: { values: keyValues({ name, message, stack, ...others }, [...within, value]) } };
  }
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') return anyValue(toJSON.call(value), [...within, value]);
  return { kvlistValue: { values: keyValues(value, within) } };
}

// Of another realm under Jest.
function isError(value: object): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}

function isData(value: unknown): boolean {
  return value !== undefined && typeof value !== 'function' && typeof value !== 'symbol';
}
