// OTLP JSON, read back from Kafka as strictly as the published messages and proto3's JSON mapping have it.
import { fromBinary } from '@bufbuild/protobuf';
import { ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import winston from 'winston';
import { otlpJson } from '../../lib/formats/otlp-json.ts';
import type { TransportEntry } from '../../lib/record/record.ts';
import { startCluster, TOPIC, transportTo } from '../support/harness.ts';
import { fieldsOf, logRecordIn, plainOf, readOtlp } from './otlp-read.ts';
import { ExportLogsServiceRequest } from './otlp-schema.ts';
import { sdkLogRecord, TRACE } from './sdk-log-record.ts';

const TIME = 1_700_000_000_123;
function entryOf(info: Record<string, unknown>, level = 'info'): TransportEntry {
  const whole = { level, message: 'paid', ...info } as TransportEntry['info'];
  return { level, message: 'the text', time: TIME, info: whole, origin: undefined };
}

const written = (info: Record<string, unknown>, level?: string): string => otlpJson()(entryOf(info, level));

function fail(): never {
  throw new Error('not today');
}

function nested(depth: number): object {
  return depth === 0 ? { end: true } : { at: nested(depth - 1), list: [[depth]] };
}

describe('otlpJson, read strictly', () => {
  it("is the message that OpenTelemetry's own protobuf of the same record is", () => {
    const resource = { 'service.name': 'shop', 'process.pid': 7 };
    const attributes = {
      text: 'é',
      yes: false,
      whole: -42,
      part: 1.5,
      list: ['a', 1, [true]],
      deep: { er: 'y' },
    };
    const serialize = otlpJson({ resource, scope: { name: 'app', version: '1' } });
    const theirs = ProtobufLogsSerializer.serializeRequest([sdkLogRecord(TIME, attributes, resource)]);
    const ours = readOtlp(serialize(entryOf({ message: 'slow', ...attributes, ...TRACE }, 'warn')));
    expect(ours).toEqual(fromBinary(ExportLogsServiceRequest, theirs ?? new Uint8Array()));
  });

  it('is one for whatever is logged', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ unit: 'binary' }),
          fc.anything({
            maxDepth: 4,
            withBigInt: true,
            withDate: true,
            withTypedArray: true,
            withMap: true,
            withSet: true,
            withSparseArray: true,
            withBoxedValues: true,
            withNullPrototype: true,
          }),
        ),
        fc.string({ unit: 'binary' }),
        (fields, message) => {
          const record = logRecordIn(written({ ...fields, message }));
          expect(record.timeUnixNano).toBe(BigInt(TIME) * 1_000_000n);
          const names = record.attributes.map(({ key }) => key);
          expect(new Set(names).size).toBe(names.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('says what was logged, of all that JSON has a form for', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 5 })), (fields) => {
        const { level, message, timestamp, trace_id, span_id, trace_flags, ...others } = JSON.parse(
          JSON.stringify(fields),
        );
        const { attributes, body } = logRecordIn(written({ ...others, message: 'x' }));
        expect(fieldsOf(attributes)).toEqual(others);
        expect(plainOf(body)).toBe('x');
      }),
      { numRuns: 40 },
    );
  });

  it('bears with values that have no form in JSON, or throw', () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const fields = {
      circle,
      large: 2n ** 64n,
      nan: Number.NaN,
      infinite: Number.NEGATIVE_INFINITY,
      half: '\ud83d',
      '\udc00': 'half a name',
      // biome-ignore lint/suspicious/noSparseArray: that is what it is about
      hole: [1, , 2],
      odd: { toJSON: fail },
      deep: nested(40),
      error: new Error('no', { cause: 'why' }),
    };
    const read = fieldsOf(logRecordIn(written(fields)).attributes);
    expect(read).toMatchObject({
      circle: { self: '[Circular]' },
      large: '18446744073709551616',
      nan: Number.NaN,
      infinite: Number.NEGATIVE_INFINITY,
      half: '\ufffd',
      '\ufffd': 'half a name',
      hole: [1, null, 2],
      odd: '[Unreadable: not today]',
      error: { name: 'Error', message: 'no', cause: 'why' },
    });
  });

  it.each<[string, Record<string, unknown>, number, number, number]>([
    ['all three', TRACE, 16, 8, 1],
    ['in capitals', { ...TRACE, trace_id: TRACE.trace_id.toUpperCase() }, 16, 8, 1],
    ['without a span', { ...TRACE, span_id: undefined }, 16, 0, 1],
    ['without flags', { ...TRACE, trace_flags: undefined }, 16, 8, 0],
    ['flags above nine', { ...TRACE, trace_flags: 'ff' }, 16, 8, 255],
    ['without a trace', { ...TRACE, trace_id: undefined }, 0, 0, 0],
    ['a trace id of 31 digits', { ...TRACE, trace_id: TRACE.trace_id.slice(1) }, 0, 0, 0],
    ['a trace id that is no hex', { ...TRACE, trace_id: 'g'.repeat(32) }, 0, 0, 0],
    ['a trace id with a line break', { ...TRACE, trace_id: `${TRACE.trace_id.slice(1)}\n` }, 0, 0, 0],
    ['a trace id that is no text', { ...TRACE, trace_id: 7 }, 0, 0, 0],
    ['a span id of 17 digits', { ...TRACE, span_id: `${TRACE.span_id}0` }, 16, 0, 1],
    ['flags of one digit', { ...TRACE, trace_flags: '1' }, 16, 8, 0],
  ])('has the trace context: %s', (_, trace, traceBytes, spanBytes, flags) => {
    const record = logRecordIn(written(trace));
    expect(record.traceId).toHaveLength(traceBytes);
    expect(record.spanId).toHaveLength(spanBytes);
    expect(record.flags).toBe(flags);
    expect(record.attributes).toEqual([]);
    if (traceBytes > 0) expect(Buffer.from(record.traceId).toString('hex')).toBe(TRACE.trace_id);
    if (spanBytes > 0) expect(Buffer.from(record.spanId).toString('hex')).toBe(TRACE.span_id);
  });

  it.each([
    ...Object.entries({ error: 17, warn: 13, info: 9, http: 7, verbose: 6, debug: 5, silly: 1 }),
    ...Object.entries({ emerg: 23, alert: 22, crit: 21, warning: 13, notice: 10 }),
    ...Object.entries({ help: 11, data: 10, prompt: 12, input: 8, fatal: 21, trace: 1 }),
    ...Object.entries({ audit: 0, constructor: 0, ['__proto__']: 0 }),
  ])('has %s as severity %i', (level, severityNumber) => {
    expect(logRecordIn(written({}, level))).toMatchObject({ severityNumber, severityText: level });
  });

  it.each([...Object.keys(winston.config.npm.levels), ...Object.keys(winston.config.syslog.levels)])(
    "knows winston's level %s",
    (level) => {
      expect(logRecordIn(written({}, level)).severityNumber).toBeGreaterThan(0);
    },
  );

  it.each(['npm', 'syslog'] as const)('has the levels of %s in their order', (name) => {
    const inOrder = Object.entries(winston.config[name].levels).sort(([, a], [, b]) => a - b);
    const numbers = inOrder.map(([level]) => logRecordIn(written({}, level)).severityNumber);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => b - a));
  });

  it('has the message as its body, also one that is no text; the text where there is none', () => {
    expect(plainOf(logRecordIn(written({ message: 'slow' })).body)).toBe('slow');
    expect(plainOf(logRecordIn(written({ message: { a: [1] } })).body)).toEqual({ a: [1] });
    expect(plainOf(logRecordIn(written({ message: '' })).body)).toBe('');
    expect(plainOf(logRecordIn(written({ message: undefined })).body)).toBe('the text');
  });

  it('has both times, and no attribute of what has a field of its own', () => {
    const record = logRecordIn(written({ timestamp: 'now', ...TRACE, order: 1 }));
    expect(record.timeUnixNano).toBe(1_700_000_000_123_000_000n);
    expect(record.observedTimeUnixNano).toBe(1_700_000_000_123_000_000n);
    expect(fieldsOf(record.attributes)).toEqual({ order: 1 });
  });

  it.each([
    [0, 0n],
    [18_446_744_073_709, 18_446_744_073_709_000_000n],
    [18_446_744_073_710, 0n],
    [8.64e15, 0n],
  ])('has the time %i, where 64 bits hold its nanoseconds', (time, nanoseconds) => {
    const record = logRecordIn(otlpJson()({ ...entryOf({}), time }));
    expect(record).toMatchObject({ timeUnixNano: nanoseconds, observedTimeUnixNano: nanoseconds });
  });

  it('is read back from Kafka: each record, and the drop notice', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, {
      serialize: otlpJson({ resource: { 'service.name': 'shop' } }),
      buffer: { maxRecords: 2 },
      closeTimeoutMs: 20_000,
    });
    const logger = winston.createLogger({ transports: [transport] });
    for (const order of [1, 2, 3]) logger.info('paid', { order });
    await transport.close();
    const records = cluster.records(TOPIC).map(({ value }) => logRecordIn(String(value)));
    expect(records.map(({ body, severityNumber }) => [plainOf(body), severityNumber])).toEqual([
      ['paid', 9],
      ['paid', 9],
      [expect.stringContaining('1'), 13],
    ]);
    expect(fieldsOf(records[2]?.attributes ?? [])).toMatchObject({ dropped: { overflow: 1 } });
  });
});

describe('the reader of these specs', () => {
  const one = (field: object): string =>
    JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [field] }] }] });

  it.each<[string, object]>([
    ['a field that is not known', { colour: 'red' }],
    ['a severity by name', { severityNumber: 'SEVERITY_9' }],
    ['a severity beyond', { severityNumber: 25 }],
    ['a time that is negative', { timeUnixNano: '-1' }],
    ['a whole number that is none', { body: { intValue: '1.5' } }],
    ['a number beyond 64 bits', { body: { intValue: '9223372036854775808' } }],
    ['two values in one', { body: { intValue: '1', stringValue: '1' } }],
    ['null in a list', { body: { arrayValue: { values: [null] } } }],
    ['half of a surrogate pair', { body: { stringValue: '\ud83d' } }],
    ['an id in base64', { traceId: 'CvdlGRbNQ92ESOshHIAxnA==' }],
    ['a list that is an object', { attributes: {} }],
  ])('refuses %s', (_, field) => {
    expect(() => readOtlp(one(field))).toThrow();
  });
});
