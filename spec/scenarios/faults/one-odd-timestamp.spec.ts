// "Cannot convert 1795658148459.25 to a BigInt": a clock that once answered with a fraction stopped a partition for good, and with
// a spool the partition of the next process, too.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PendingRecord } from '../../../lib/record/record.ts';
import { Segment } from '../../../lib/spool/segments/segment.ts';
import { recordTime } from '../../../lib/time/record-time.ts';
import { directoryOfSpec, filesIn } from '../../spool/rig.ts';
import { expectLaw, loggerWith, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { expectFlushed } from './rig.ts';

const NOW = 1_795_658_148_459;
const ODD: [string, unknown, number | undefined][] = [
  ['a fraction', NOW + 0.25, NOW],
  ['a fraction just below the next', NOW + 0.999, NOW],
  ['a negative number', -1, undefined],
  ['a negative fraction', -0.5, undefined],
  ['NaN', Number.NaN, undefined],
  ['Infinity', Number.POSITIVE_INFINITY, undefined],
  ['1e300', 1e300, undefined],
  ['no safe integer', Number.MAX_SAFE_INTEGER + 2, undefined],
  ['a string', String(NOW), undefined],
  ['null', null, undefined],
  ['undefined', undefined, undefined],
  ['an object', { valueOf: () => NOW }, undefined],
];

/** The clock says something odd, once. */
function withClock(time: unknown, fn: () => void): void {
  const real = Date.now;
  Date.now = () => time as number;
  try {
    fn();
  } finally {
    Date.now = real;
  }
}

function expectTime(timestamp: number | undefined, expected: number | undefined, since: number): void {
  if (expected !== undefined) expect(timestamp).toBe(expected);
  else {
    // That of the moment. A system clock may be corrected by some milliseconds.
    expect(timestamp).toBeGreaterThan(since - 1_000);
    expect(timestamp).toBeLessThan(Date.now() + 1_000);
  }
}

describe.each(ODD)('a clock that once says %s', (_, time, expected) => {
  it.each([false, true])('does not hold up the partition, with keys: %s', async (hasKeys) => {
    const since = Date.now();
    const cluster = await startCluster();
    const transport = transportTo(cluster, hasKeys ? { key: () => 'k' } : {});
    const logger = loggerWith(transport);
    logger.info('record 0');
    withClock(time, () => logger.info('record 1'));
    logger.info('record 2');
    await expectFlushed(transport, 3);
    expect(cluster.values(TOPIC)).toEqual(['record 0', 'record 1', 'record 2']);
    expectTime(cluster.records(TOPIC)[1]?.timestamp, expected, since);
    const { latencyMs, rates, stateSince } = transport.stats();
    expect([latencyMs.max, rates.accepted, stateSince].every(Number.isFinite)).toBe(true);
  });

  it('is no obstacle where an older version has left it in the spool', async () => {
    const since = Date.now();
    const cluster = await startCluster();
    const directory = directoryOfSpec();
    mkdirSync(directory, { recursive: true });
    const old = join(directory, `left-${'0'.repeat(16)}.1`);
    mkdirSync(old);
    const segment = new Segment(old, '0000000000000001-0000000000000001-0badcafe').create();
    const records = [NOW, time, NOW].map((each, at) => {
      const record = new PendingRecord({
        topic: TOPIC,
        level: 'info',
        severity: 2,
        time: each as number,
        text: `record ${at}`,
        key: null,
      });
      record.seq = at + 1;
      return record;
    });
    segment.append(records, false);
    segment.seal();
    segment.close();
    const transport = transportTo(cluster, { spool: { directory } });
    loggerWith(transport).info('record 3');
    expect(await transport.flush(Infinity)).toEqual({ delivered: 4, dropped: 0, pending: 0 });
    expect(cluster.values(TOPIC)).toEqual(['record 0', 'record 1', 'record 2', 'record 3']);
    expectTime(cluster.records(TOPIC)[1]?.timestamp, expected, since);
    expect(filesIn(directory)).toEqual([]);
    expectLaw(transport);
  });
});

it('a time is whole, and within what a Date can hold', () => {
  for (const [, time] of ODD) expect(Number.isSafeInteger(recordTime(time))).toBe(true);
  expect([recordTime(0), recordTime(1.9), recordTime(8.64e15)]).toEqual([0, 1, 8.64e15]);
  expect(String(recordTime(-0))).toBe('0');
});
