import { expect, it } from 'vitest';
import { payloadOf, recordOf } from '../../../lib/spool/segments/record-payload.ts';

const WITHOUT = [3, 1_700_000_000_000, 2, 'info', 'app-logs', null, null, 'a text'];

it('a record written before the option `partition` is read, and written again, as it is', () => {
  const record = recordOf(Buffer.from(JSON.stringify(WITHOUT)));
  expect(record).toMatchObject({ seq: 3, topic: 'app-logs', text: 'a text', requestedPartition: undefined });
  expect(JSON.parse(payloadOf(record).toString())).toEqual(WITHOUT);
});

it.each([0, 7])('the partition %i that was asked for stands at the end', (partition) => {
  const record = recordOf(Buffer.from(JSON.stringify([...WITHOUT, partition])));
  expect(record.requestedPartition).toBe(partition);
  expect(JSON.parse(payloadOf(record).toString())).toEqual([...WITHOUT, partition]);
});

it.each([-1, 1.5, '1', null])('%j in its place is none', (partition) => {
  const record = recordOf(Buffer.from(JSON.stringify([...WITHOUT, partition])));
  expect(record.requestedPartition).toBeUndefined();
});
