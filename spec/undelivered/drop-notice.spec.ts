import { expect, it } from 'vitest';
import winston from 'winston';
import type { DropReason, PendingRecord } from '../../lib/record/record.ts';
import { DropNotice } from '../../lib/undelivered/drop-notice.ts';
import type { Counts } from '../../lib/util/tally.ts';
import { ERROR } from '../../testing/broker/broker-cluster.ts';
import { HeldClock, recordOf } from '../sender/rig.ts';
import {
  expectLaw,
  loggerWith,
  numbered,
  plain,
  startCluster,
  TOPIC,
  transportTo,
} from '../support/harness.ts';

const isNotice = (value: string): boolean => value.includes('not delivered');

function teller() {
  const clock = new HeldClock();
  const sent: PendingRecord[] = [];
  const told: Counts[] = [];
  const parts = { canSend: true, hasRoom: true };
  const dropNotice = new DropNotice({
    clock,
    canSend: () => parts.canSend,
    hasRoom: () => parts.hasRoom,
    make: (counts) => {
      told.push(counts);
      return recordOf({ text: `${counts.total} ${Object.keys(counts.byName)}` });
    },
    send: (notice) => sent.push(notice),
  });
  return { clock, sent, told, parts, dropNotice, texts: () => sent.map(({ text }) => text) };
}

it.each<[DropReason, string[]]>([
  ['overflow', ['1 overflow']],
  ['oversize', ['1 oversize']],
  ['expired', ['1 expired']],
  ['invalid', ['1 invalid']],
  // The notice would be refused as well, and its notice, too.
  ['rejected', []],
])('%s: told by itself after a second, where nothing gets through before', async (reason, expected) => {
  const { clock, dropNotice, texts } = teller();
  dropNotice.onDropped(recordOf(), reason);
  await clock.pass(999);
  expect(texts()).toEqual([]);
  await clock.pass(1);
  expect(texts()).toEqual(expected);
});

it('takes no room of a buffer that waits for its first success, which tells it', async () => {
  const { clock, dropNotice, parts, texts } = teller();
  parts.hasRoom = false;
  dropNotice.onDropped(recordOf(), 'overflow');
  await clock.pass(60_000);
  expect(texts()).toEqual([]);
  dropNotice.send(false);
  expect(texts()).toEqual(['1 overflow']);
});

it('not while nothing gets through; and with the next success at once', async () => {
  const { clock, dropNotice, parts, texts } = teller();
  parts.canSend = false;
  dropNotice.onDropped(recordOf(), 'overflow');
  expect(clock.armed).toBe(0);
  parts.canSend = true;
  dropNotice.send(false);
  expect(texts()).toEqual(['1 overflow']);
});

it('at most every ten seconds; and a notice that is dropped itself is told in the next', async () => {
  const { clock, dropNotice, sent, texts } = teller();
  dropNotice.onDropped(recordOf(), 'overflow');
  await clock.pass(1_000);
  const [notice = recordOf()] = sent;
  dropNotice.onDropped(notice, 'overflow');
  await clock.pass(9_999);
  expect(texts()).toEqual(['1 overflow']);
  await clock.pass(2_000);
  expect(texts()).toEqual(['1 overflow', '2 overflow']);
});

it('counts by reason, and tells no more often than its interval', () => {
  const { clock, dropNotice, told } = teller();
  dropNotice.send(true);
  expect(told).toEqual([]);
  for (const reason of ['overflow', 'overflow', 'expired'] as const) dropNotice.onDropped(recordOf(), reason);
  dropNotice.send(false);
  expect(told.splice(0)).toEqual([{ total: 3, byName: { overflow: 2, expired: 1 } }]);
  dropNotice.onDropped(recordOf(), 'closed');
  clock.now = 9_999;
  dropNotice.send(false);
  expect(told).toEqual([]);
  clock.now = 10_000;
  dropNotice.send(false);
  expect(told.splice(0)).toEqual([{ total: 1, byName: { closed: 1 } }]);
  dropNotice.onDropped(recordOf(), 'rejected');
  clock.now = 10_001;
  dropNotice.send(true);
  expect(told).toEqual([{ total: 1, byName: { rejected: 1 } }]);
});

it('is none of what no value can be made of, which is a notice itself: there would be one every ten seconds', async () => {
  const { clock, dropNotice, sent, texts } = teller();
  dropNotice.onDropped(recordOf(), 'invalid');
  await clock.pass(1_000);
  const [notice = recordOf()] = sent;
  dropNotice.onDropped(notice, 'invalid');
  await clock.pass(60_000);
  expect(texts()).toEqual(['1 invalid']);
});

it('is none that was still to come, once it is stopped', () => {
  const { clock, dropNotice } = teller();
  dropNotice.onDropped(recordOf(), 'overflow');
  expect(clock.armed).toBe(1);
  dropNotice.stop();
  expect(clock.armed).toBe(0);
});

it('takes back what has not reached the topic', () => {
  const { dropNotice, sent, told } = teller();
  dropNotice.onDropped(recordOf(), 'overflow');
  dropNotice.send(false);
  const [notice = recordOf()] = sent;
  dropNotice.onDropped(recordOf(), 'overflow');
  dropNotice.onDropped(notice, 'expired');
  dropNotice.send(true);
  expect(told).toEqual([
    { total: 1, byName: { overflow: 1 } },
    { total: 3, byName: { overflow: 2, expired: 1 } },
  ]);
});

async function dropped(
  options: Parameters<typeof transportTo>[1] = {},
  levels?: winston.config.AbstractConfigSetLevels,
) {
  const cluster = await startCluster();
  await cluster.down();
  const transport = transportTo(cluster, { buffer: { maxRecords: 10 }, ...options });
  const logger =
    levels === undefined
      ? loggerWith(transport)
      : winston.createLogger({ levels, level: 'debug', format: plain(), transports: [transport] });
  for (const message of numbered(30)) logger.log('info', message);
  await cluster.up();
  return { cluster, transport, logger };
}

it('comes by itself where nothing else does: an oversize record, and then silence', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster, { buffer: { maxBytes: 1_000 } });
  loggerWith(transport).info('x'.repeat(2_000));
  await cluster.until(() => cluster.count(TOPIC) > 0);
  expect(cluster.values(TOPIC).map((value) => JSON.parse(value).dropped)).toEqual([
    { total: 1, oversize: 1 },
  ]);
});

it('one record, after the first that gets through: total and reasons, and it is counted', async () => {
  const { cluster, transport } = await dropped();
  await transport.flush(Infinity);
  await transport.flush(Infinity);
  const values = cluster.values(TOPIC);
  expect(values.filter((value) => !isNotice(value))).toEqual(numbered(30).slice(20));
  expect(values.filter(isNotice).map((value) => JSON.parse(value))).toEqual([
    {
      level: 'warn',
      message: 'winston-kafkajs: 20 records were not delivered: overflow 20',
      dropped: { total: 20, overflow: 20 },
    },
  ]);
  expect(transport.stats()).toMatchObject({ accepted: 31, delivered: 11, dropped: { overflow: 20 } });
  expectLaw(transport);
});

it('what is dropped within the interval is told at the end, in one', async () => {
  const { cluster, transport, logger } = await dropped();
  await transport.flush(Infinity);
  await transport.flush(Infinity);
  cluster.inject({ api: 'Produce', times: 2, action: { error: ERROR.TOPIC_AUTHORIZATION_FAILED } });
  for (const message of ['bad 1', 'bad 2']) {
    logger.info(message);
    await transport.flush(Infinity);
  }
  expect(cluster.values(TOPIC).filter(isNotice).length).toBe(1);
  await transport.close();
  expect(
    cluster
      .values(TOPIC)
      .filter(isNotice)
      .map((value) => JSON.parse(value).dropped),
  ).toEqual([
    { total: 20, overflow: 20 },
    { total: 2, rejected: 2 },
  ]);
});

it('what is dropped while the transport closes is told, too', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster);
  const logger = loggerWith(transport);
  logger.info('good');
  await transport.flush(Infinity);
  cluster.inject({ api: 'Produce', action: { error: ERROR.TOPIC_AUTHORIZATION_FAILED } });
  logger.info('bad');
  expect(await transport.close()).toEqual({ delivered: 1, dropped: 1, pending: 0 });
  expect(cluster.values(TOPIC).map((value) => (isNotice(value) ? 'notice' : value))).toEqual([
    'good',
    'notice',
  ]);
});

it('a notice that has to give way itself is not lost: its counts are in the next one', async () => {
  const { cluster, transport, logger } = await dropped({ batch: { maxRecords: 5, lingerMs: 1 } });
  await cluster.until(() => cluster.count(TOPIC) >= 10);
  // The first batch has come through, the notice is under way or waits; now the buffer is flooded.
  await cluster.down();
  for (let n = 0; n < 100; n++) logger.info(`flood ${n}`);
  await cluster.up();
  await transport.close();
  const told = cluster
    .values(TOPIC)
    .filter(isNotice)
    .map((value) => JSON.parse(value).dropped.total as number);
  const { dropped: counts } = transport.stats();
  expect(told.reduce((sum, total) => sum + total, 0)).toBe(
    Object.values(counts).reduce((sum, count) => sum + count, 0),
  );
});

it('none when it is not wanted', async () => {
  const { cluster, transport } = await dropped({ dropNotice: false });
  await transport.close();
  expect(cluster.values(TOPIC)).toEqual(numbered(30).slice(20));
});

it('none when nothing was dropped', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster);
  loggerWith(transport).info('record 0');
  await transport.close();
  expect(cluster.values(TOPIC)).toEqual(['record 0']);
});

it("the topic function is asked where it goes, and the level is the logger's word for it", async () => {
  const asked: string[] = [];
  const { cluster, transport } = await dropped(
    {
      topic: ({ level }) => {
        asked.push(level);
        return level === 'warning' ? 'alerts' : TOPIC;
      },
    },
    winston.config.syslog.levels,
  );
  cluster.createTopic('alerts', 1);
  await transport.close();
  expect(asked.filter((level) => level === 'warning').length).toBe(1);
  expect(cluster.values('alerts').map((value) => JSON.parse(value).level)).toEqual(['warning']);
});

it('a notice that has no topic to go to is not counted as a record of the application', async () => {
  const cluster = await startCluster();
  const given: string[] = [];
  const transport = transportTo(cluster, {
    topic: () => 'not a topic',
    fallback: ({ message }) => void given.push(message),
  });
  loggerWith(transport).info('record 0');
  await transport.close();
  expect(transport.stats()).toMatchObject({ accepted: 1, dropped: { invalid: 1 } });
  expect(given).toEqual(['record 0']);
});
