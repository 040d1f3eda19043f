// CloudEvents, read back from Kafka with the official SDK's own binding.
import { type CloudEvent, Kafka as KafkaBinding, type KafkaMessage } from 'cloudevents';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import winston from 'winston';
import { type CloudEventsOptions, cloudEvents } from '../../lib/formats/cloud-events.ts';
import type { KafkaTransportOptions } from '../../lib/index.ts';
import type { TransportEntry } from '../../lib/record/record.ts';
import type { BrokerCluster } from '../../testing/broker/broker-cluster.ts';
import { numbered, plain, startCluster, TOPIC, transportTo } from '../support/harness.ts';

const OPTIONS: CloudEventsOptions = { source: '/shop', type: 'com.example.log' };

type Stored = ReturnType<BrokerCluster['records']>[number];

/** What the SDK's binding makes of a record: a valid event, or it throws. */
function eventIn({ headers, value }: Pick<Stored, 'headers' | 'value'>): CloudEvent<unknown> {
  const message = {
    headers: Object.fromEntries(Object.entries(headers).map(([name, header]) => [name, String(header)])),
    body: String(value),
    value: String(value),
  } as unknown as KafkaMessage;
  if (!KafkaBinding.isEvent(message)) throw new Error('it is no CloudEvent');
  const event = KafkaBinding.toEvent(message) as CloudEvent<unknown>;
  event.validate();
  return event;
}

function made(
  options: Partial<CloudEventsOptions>,
  entry: Partial<TransportEntry> = {},
): CloudEvent<unknown> {
  const format = cloudEvents({ ...OPTIONS, ...options });
  const whole = { level: 'info', message: '{}', time: 0, info: {}, origin: undefined, ...entry };
  const headers = Object.fromEntries(
    Object.entries(format.headers(whole as TransportEntry)).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Buffer.from(value)]],
    ),
  );
  return eventIn({ headers, value: Buffer.from(format.serialize(whole as TransportEntry)) });
}

async function logged(options: Partial<KafkaTransportOptions>, log: (logger: winston.Logger) => void) {
  const cluster = await startCluster();
  const transport = transportTo(cluster, { closeTimeoutMs: 20_000, ...options });
  log(winston.createLogger({ level: 'silly', transports: [transport] }));
  await transport.close();
  return cluster.records(TOPIC);
}

describe('cloudEvents', () => {
  it('is a valid event, whatever is logged and when', () => {
    const time = fc.integer({ min: 0, max: 253_402_300_799_999 });
    const text = fc.string({ unit: 'binary', minLength: 1 }).map((one) => one.toWellFormed());
    fc.assert(
      fc.property(time, text, fc.jsonValue(), (at, subject, data) => {
        const message = JSON.stringify({ data });
        const event = made({ subject: () => subject }, { time: at, message });
        expect(event.time).toBe(new Date(at).toISOString());
        expect(event.subject).toBe(subject);
        expect(event.data).toEqual(JSON.parse(message));
      }),
      { numRuns: 20 },
    );
  });

  it('takes source, type, subject and id of the record', () => {
    const of =
      (name: string) =>
      ({ level, info }: TransportEntry): string =>
        `${name}/${level}/${info.order}`;
    const options = { source: of('s'), type: of('t'), subject: of('u'), id: of('i') };
    expect(made(options, { info: { order: 7 } as never })).toMatchObject({
      source: 's/info/7',
      type: 't/info/7',
      subject: 'u/info/7',
      id: 'i/info/7',
      specversion: '1.0',
    });
  });

  it.each([undefined, ''])('has no subject where that is %j', (subject) => {
    expect(made({ subject: () => subject }).subject).toBeUndefined();
  });

  it('has an id for each record, and the same when it is sent again', async () => {
    const cluster = await startCluster();
    cluster.inject({ api: 'Produce', topic: TOPIC, times: 1, action: { silent: 'after-store' } });
    const transport = transportTo(cluster, { requestTimeoutMs: 500, ...cloudEvents(OPTIONS) });
    const logger = winston.createLogger({ transports: [transport] });
    for (const message of numbered(3)) logger.info(message);
    await transport.flush(20_000);
    const ids = cluster.records(TOPIC).map((record) => eventIn(record).id);
    expect(ids.length).toBeGreaterThan(3);
    expect(new Set(ids).size).toBe(3);
  });

  it('has the media type that is given, and text that is no JSON as it is', async () => {
    const options = { format: plain(), ...cloudEvents({ ...OPTIONS, contentType: 'text/plain' }) };
    const [record] = await logged(options, (logger) => logger.info('grüße'));
    expect(eventIn(record as Stored)).toMatchObject({ datacontenttype: 'text/plain', data: 'grüße' });
  });

  it('has no headers but those of the specification', async () => {
    const [record] = await logged(cloudEvents(OPTIONS), (logger) => logger.info('paid'));
    const names = ['ce_id', 'ce_source', 'ce_specversion', 'ce_time', 'ce_type', 'content-type'];
    expect(Object.keys(record?.headers ?? {}).sort()).toEqual(names);
  });

  it('is in a worker thread what it is without', async () => {
    const [record] = await logged({ worker: true, ...cloudEvents(OPTIONS) }, (logger) => logger.info('paid'));
    expect(eventIn(record as Stored).data).toEqual({ level: 'info', message: 'paid' });
  });

  it('leaves the drop notice as it is: that is no event', async () => {
    const records = await logged({ buffer: { maxRecords: 2 }, ...cloudEvents(OPTIONS) }, (logger) => {
      for (const message of numbered(3)) logger.info(message);
    });
    expect(records).toHaveLength(3);
    expect(records.slice(0, 2).map((record) => eventIn(record).type)).toEqual([OPTIONS.type, OPTIONS.type]);
    expect(() => eventIn(records[2] as Stored)).toThrow('it is no CloudEvent');
  });
});

it.each([
  ['source', { type: 'com.example.log' }],
  ['source', { source: '', type: 'com.example.log' }],
  ['type', { source: '/shop' }],
  ['type', { source: '/shop', type: 7 }],
])('refuses to make events without a %s at once, and not at the first record', (name, options) => {
  const make = (): unknown => cloudEvents(options as CloudEventsOptions);
  expect(make).toThrow(TypeError);
  expect(make).toThrow(`"${name}" is required`);
});
