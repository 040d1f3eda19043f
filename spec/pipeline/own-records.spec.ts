import { expect, it } from 'vitest';
import { resolveOptions } from '../../lib/options/resolve.ts';
import { dropNoticeRecord, samplingNoticeRecord } from '../../lib/pipeline/own-records.ts';
import { RecordFactory } from '../../lib/record/record-factory.ts';
import { HeldClock } from '../sender/rig.ts';

function factoryFor(topic: string): RecordFactory {
  const options = resolveOptions({ topic: () => topic, kafka: { brokers: ['localhost:9092'] } });
  const noWarning = { callbackFailed: () => undefined, invalidReturn: () => undefined };
  return new RecordFactory(
    { ...options, filter: undefined, sampling: undefined },
    noWarning,
    new HeldClock(),
  );
}

it.each([
  [
    { total: 1, byName: { overflow: 1 } },
    '{"level":"warn","message":"winston-kafkajs: 1 record was not delivered: overflow 1","dropped":{"total":1,"overflow":1}}',
  ],
  [
    { total: 12, byName: { expired: 2, overflow: 10 } },
    '{"level":"warn","message":"winston-kafkajs: 12 records were not delivered: overflow 10, expired 2","dropped":{"total":12,"expired":2,"overflow":10}}',
  ],
])('%o dropped is told as %s', (counts, text) => {
  expect(dropNoticeRecord(factoryFor('logs'), counts, undefined)?.text).toBe(text);
});

it.each([
  [
    { total: 1, byName: { info: 1 } },
    '{"level":"info","message":"winston-kafkajs: 1 record was left out by sample or rateLimit: info 1","sampled":{"total":1,"info":1}}',
  ],
  [
    { total: 3, byName: { info: 1, debug: 2 } },
    '{"level":"info","message":"winston-kafkajs: 3 records were left out by sample or rateLimit: info 1, debug 2","sampled":{"total":3,"info":1,"debug":2}}',
  ],
])('%o left out is told as %s', (counts, text) => {
  expect(samplingNoticeRecord(factoryFor('logs'), counts)?.text).toBe(text);
});

it.each([
  [{ error: 0, warn: 1 }, 'warn'],
  [{ error: 3, warning: 4 }, 'warning'],
  [{ error: 0 }, 'warn'],
])('with the levels %o, a notice of drops has the level %s', (levels, level) => {
  const counts = { total: 1, byName: { closed: 1 } };
  expect(dropNoticeRecord(factoryFor('logs'), counts, levels)?.level).toBe(level);
});

it('there is none where there is no topic for it', () => {
  const counts = { total: 1, byName: { closed: 1 } };
  const factory = factoryFor('not a topic');
  expect([dropNoticeRecord(factory, counts, undefined), samplingNoticeRecord(factory, counts)]).toEqual([
    undefined,
    undefined,
  ]);
});
