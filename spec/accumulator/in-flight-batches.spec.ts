import { describe, expect, it } from 'vitest';
import { InFlightBatches } from '../../lib/accumulator/in-flight-batches.ts';
import { Ledger } from '../../lib/accumulator/ledger.ts';
import { ProducerBatch } from '../../lib/accumulator/producer-batch.ts';
import { PartitionQueue } from '../../lib/accumulator/queues/partition-queue.ts';
import type { PendingRecord } from '../../lib/record/record.ts';
import type { Spool } from '../../lib/spool/spool.ts';
import { batchingPolicy, recordOf } from '../sender/rig.ts';

/** As much of the spool as is told something here. */
class Journal {
  readonly bound: (string | number | undefined)[][] = [];
  readonly settled: string[] = [];

  bind(records: readonly PendingRecord[]): void {
    for (const { text, partition } of records) this.bound.push([text, partition]);
  }

  settle(records: readonly PendingRecord[]): void {
    this.settled.push(...records.map(({ text }) => text));
  }
}

function rig({ keepsSendTogether = false } = {}) {
  const ledger = new Ledger();
  const journal = new Journal();
  const inFlight = new InFlightBatches(ledger, journal as unknown as Spool, keepsSendTogether);
  const queue = new PartitionQueue(2, batchingPolicy());
  const batchOf = (...records: readonly PendingRecord[]): ProducerBatch => {
    for (const record of records) ledger.accept(record);
    return new ProducerBatch('logs', queue, records);
  };
  return { ledger, journal, inFlight, batchOf };
}

const text = ({ text }: PendingRecord): string => text;

it('counts the records of a batch as in flight while it is with the client', () => {
  const { ledger, inFlight, batchOf } = rig();
  const batch = batchOf(recordOf({ text: 'a' }), recordOf({ text: 'b' }));
  inFlight.start(batch);
  expect(ledger).toMatchObject({ queued: 0, inFlight: 2 });
  expect([...inFlight.withClient]).toEqual([batch]);
  expect(inFlight.takeBack(batch).map(text)).toEqual(['a', 'b']);
  expect(ledger).toMatchObject({ queued: 2, inFlight: 0 });
  expect(inFlight.withClient.size).toBe(0);
});

it('leaves out what has been given up in the meantime', () => {
  const { ledger, inFlight, batchOf } = rig();
  const [gone, left] = [recordOf({ text: 'gone' }), recordOf({ text: 'left' })];
  const batch = batchOf(gone, left);
  inFlight.start(batch);
  ledger.drop(gone, 'expired');
  expect((inFlight.deliver(batch) as readonly PendingRecord[]).map(text)).toEqual(['left']);
  expect(ledger).toMatchObject({ delivered: 1, inFlight: 0, droppedTotal: 1 });
});

it('has the spool forget what was delivered', () => {
  const { journal, inFlight, batchOf } = rig();
  const batch = batchOf(recordOf({ text: 'a' }));
  inFlight.start(batch);
  inFlight.deliver(batch);
  expect(journal.settled).toEqual(['a']);
});

describe('the partition of a batch', () => {
  it('is noted on disk for records without key when it goes out', () => {
    const { journal, inFlight, batchOf } = rig();
    inFlight.start(batchOf(recordOf({ text: 'a' }), recordOf({ text: 'keyed', key: 'k' })));
    expect(journal.bound).toEqual([['a', 2]]);
  });

  it('is noted for those with key, too, where the client finds it', () => {
    const { journal, inFlight, batchOf } = rig({ keepsSendTogether: true });
    inFlight.start(batchOf(recordOf({ text: 'keyed', key: 'k' })));
    expect(journal.bound).toEqual([['keyed', 2]]);
  });

  it('is noted once, however often the batch is sent', () => {
    const { journal, inFlight, batchOf } = rig();
    const batch = batchOf(recordOf({ text: 'a' }));
    inFlight.start(batch);
    inFlight.takeBack(batch);
    inFlight.start(batch);
    expect(journal.bound).toEqual([['a', 2]]);
  });

  it('is forgotten where the records may go to another one', () => {
    const { inFlight, batchOf } = rig();
    const batch = batchOf(recordOf({ text: 'a' }));
    inFlight.start(batch);
    expect(inFlight.takeBack(batch, true).map(({ partition }) => partition)).toEqual([undefined]);
  });

  it('is found by the client while the batch is with it, and noted when all records are asked for', () => {
    const { journal, inFlight, batchOf } = rig();
    const batch = batchOf(recordOf({ text: 'a' }));
    inFlight.start(batch);
    batch.bindTo(7);
    expect(inFlight.records().map(({ partition }) => partition)).toEqual([7]);
    expect(journal.bound.at(-1)).toEqual(['a', 7]);
  });
});

it('counts what waits to go again as it is as in flight, until it is given up', () => {
  const { ledger, inFlight, batchOf } = rig();
  const batch = batchOf(recordOf({ text: 'a' }));
  inFlight.start(batch);
  inFlight.keep(batch, batch);
  expect([inFlight.withClient.size, inFlight.records().map(text)]).toEqual([0, ['a']]);
  expect(ledger).toMatchObject({ queued: 0, inFlight: 1 });
  inFlight.start(batch);
  expect(ledger).toMatchObject({ queued: 0, inFlight: 1 });
  inFlight.keep(batch, batch);
  inFlight.clearResend();
  expect(inFlight.records()).toEqual([]);
});
