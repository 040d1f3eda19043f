// The formats of `winston-kafkajs/formats`, read back from Kafka with each format's own library.
import { ecsFormat } from '@elastic/ecs-winston-format';
import { JsonLogsSerializer } from '@opentelemetry/otlp-transformer';
import { CloudEvent, Kafka as KafkaBinding, type KafkaMessage } from 'cloudevents';
import { describe, expect, it } from 'vitest';
import winston from 'winston';
import { cloudEvents, otlpJson } from '../../lib/formats.ts';
import type { KafkaTransport, KafkaTransportOptions } from '../../lib/index.ts';
import type { BrokerCluster } from '../../testing/broker/broker-cluster.ts';
import { startCluster, TOPIC, transportTo } from '../support/harness.ts';
import { sdkLogRecord, TRACE } from './sdk-log-record.ts';

/** Logs through a transport with these options. */
async function logged(
  options: Partial<KafkaTransportOptions>,
  log: (logger: winston.Logger) => void,
): Promise<ReturnType<BrokerCluster['records']>> {
  const cluster = await startCluster();
  const transport: KafkaTransport = transportTo(cluster, options);
  log(winston.createLogger({ level: 'silly', transports: [transport] }));
  await transport.flush(Infinity);
  return cluster.records(TOPIC);
}

interface LogRecord {
  timeUnixNano: string;
  severityNumber: number;
  attributes: { key: string; value: unknown }[];
}

function logRecordOf(value: Buffer | null | undefined): LogRecord {
  const { resourceLogs } = JSON.parse(String(value));
  expect(resourceLogs).toHaveLength(1);
  expect(resourceLogs[0].scopeLogs).toHaveLength(1);
  expect(resourceLogs[0].scopeLogs[0].logRecords).toHaveLength(1);
  return resourceLogs[0].scopeLogs[0].logRecords[0];
}

/** 64-bit numbers as OpenTelemetry's own serializer writes them: as numbers. Readers have to take both. */
function withNumbers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNumbers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, key === 'intValue' ? Number(one) : withNumbers(one)]),
  );
}

describe('otlpJson', () => {
  it("writes what OpenTelemetry's own serializer writes", async () => {
    const resource = { 'service.name': 'shop', 'process.pid': 7 };
    const attributes = {
      text: 'x',
      yes: true,
      whole: 42,
      fraction: 1.5,
      list: ['a', 1, false],
      nested: { deep: { er: 'y' } },
    };
    const [record] = await logged(
      { serialize: otlpJson({ resource, scope: { name: 'app', version: '1' } }) },
      (logger) => logger.warn('slow', { ...attributes, ...TRACE }),
    );
    const { timeUnixNano } = logRecordOf(record?.value);
    expect(timeUnixNano).toBe(`${record?.timestamp}000000`);
    const expected = JsonLogsSerializer.serializeRequest([
      sdkLogRecord(Number(record?.timestamp), attributes, resource),
    ]);
    const theirs = JSON.parse(Buffer.from(expected ?? []).toString());
    // Fields with their default value may be left out.
    delete theirs.resourceLogs[0].resource.droppedAttributesCount;
    delete theirs.resourceLogs[0].scopeLogs[0].logRecords[0].droppedAttributesCount;
    expect(withNumbers(JSON.parse(String(record?.value)))).toEqual(theirs);
  });

  it.each([
    ['error', 17],
    ['warn', 13],
    ['info', 9],
    ['http', 7],
    ['verbose', 6],
    ['debug', 5],
    ['silly', 1],
  ])('has a severity number for %s', async (level, severityNumber) => {
    const [record] = await logged({ serialize: otlpJson() }, (logger) => logger.log(level, 'x'));
    expect(logRecordOf(record?.value)).toMatchObject({ severityNumber, severityText: level });
  });

  it('bears with values that JSON has no form for', async () => {
    const circle: Record<string, unknown> = { name: 'c' };
    circle.self = circle;
    const [record] = await logged({ serialize: otlpJson() }, (logger) =>
      logger.info('x', {
        circle,
        big: 2n ** 62n,
        huge: 2n ** 70n,
        none: null,
        not: undefined,
        nan: Number.NaN,
        call: () => 1,
        bytes: Buffer.from('hi'),
        at: new Date(0),
        failure: Object.assign(new Error('no'), { code: 'E1', stack: 'at x' }),
        trace_id: 'not hex',
      }),
    );
    const { attributes, ...fields } = logRecordOf(record?.value);
    expect(fields).not.toHaveProperty('traceId');
    expect(Object.fromEntries(attributes.map(({ key, value }) => [key, value]))).toEqual({
      circle: {
        kvlistValue: {
          values: [
            { key: 'name', value: { stringValue: 'c' } },
            { key: 'self', value: { stringValue: '[Circular]' } },
          ],
        },
      },
      big: { intValue: '4611686018427387904' },
      huge: { stringValue: '1180591620717411303424' },
      none: {},
      nan: { doubleValue: 'NaN' },
      bytes: { bytesValue: 'aGk=' },
      at: { stringValue: '1970-01-01T00:00:00.000Z' },
      failure: {
        kvlistValue: {
          values: [
            { key: 'name', value: { stringValue: 'Error' } },
            { key: 'message', value: { stringValue: 'no' } },
            { key: 'stack', value: { stringValue: 'at x' } },
            { key: 'code', value: { stringValue: 'E1' } },
          ],
        },
      },
    });
  });
});

describe('cloudEvents', () => {
  it("writes what CloudEvents' own Kafka binding reads", async () => {
    const records = await logged(
      cloudEvents({
        source: '/shop',
        type: ({ level }) => `log.${level}`,
        subject: ({ info }) => info.order as string,
      }),
      (logger) => {
        logger.error('failed', { order: 'o-1' });
        logger.info('paid');
      },
    );
    const events = records.map(({ value, headers, timestamp }) => {
      const message = {
        headers: Object.fromEntries(Object.entries(headers).map(([name, header]) => [name, String(header)])),
        body: String(value),
        value: String(value),
      } as unknown as KafkaMessage;
      expect(KafkaBinding.isEvent(message)).toBe(true);
      const event = KafkaBinding.toEvent(message) as CloudEvent<unknown>;
      expect(event).toBeInstanceOf(CloudEvent);
      expect(event.validate()).toBe(true);
      expect(event.time).toBe(new Date(Number(timestamp)).toISOString());
      return event;
    });
    expect(
      events.map(({ specversion, source, type, subject, data, datacontenttype }) => [
        specversion,
        source,
        type,
        subject,
        data,
        datacontenttype,
      ]),
    ).toEqual([
      [
        '1.0',
        '/shop',
        'log.error',
        'o-1',
        { level: 'error', message: 'failed', order: 'o-1' },
        'application/json',
      ],
      ['1.0', '/shop', 'log.info', undefined, { level: 'info', message: 'paid' }, 'application/json'],
    ]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(2);
  });
});

describe('@elastic/ecs-winston-format', () => {
  it("is the transport's format, and needs nothing else", async () => {
    const [record] = await logged({ format: ecsFormat({ convertErr: true }) }, (logger) =>
      logger.error('failed', { err: new TypeError('no'), order: 7 }),
    );
    expect(JSON.parse(String(record?.value))).toMatchObject({
      'log.level': 'error',
      message: 'failed',
      'ecs.version': expect.stringMatching(/^\d+\.\d+/),
      '@timestamp': expect.stringMatching(/^\d{4}-.*Z$/),
      error: { type: 'TypeError', message: 'no' },
      order: 7,
    });
  });

  it('has the fields that it is given, those of the service, and the time of the log call', async () => {
    const before = Date.now();
    const [record] = await logged(
      { format: ecsFormat({ convertReqRes: true, serviceName: 'shop', serviceVersion: '1' }) },
      (logger) => logger.warn('slow', { 'event.duration': 7, labels: { order: 'o-1' } }),
    );
    const { '@timestamp': at, ...fields } = JSON.parse(String(record?.value));
    expect(Date.parse(at)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(at)).toBeLessThanOrEqual(Number(record?.timestamp));
    expect(fields).toEqual({
      'log.level': 'warn',
      message: 'slow',
      'ecs.version': expect.any(String),
      'event.duration': 7,
      labels: { order: 'o-1' },
      'event.dataset': 'shop',
      'service.name': 'shop',
      'service.version': '1',
    });
  });
});
