import { seqsOf } from '../accumulator/batch.ts';
import { Ledger } from '../accumulator/ledger.ts';
import type { ClientSource, PartitionsListener } from '../clients/client.ts';
import type { ExitDrainReport, ExitDrainTask } from '../clients/worker/messages/thread-messages.ts';
import { toWire } from '../clients/worker/messages/wire-error.ts';
import { recordsFromWire } from '../clients/worker/messages/wire-records.ts';
import { partitionOfKey } from '../protocol/murmur2.ts';
import { Sender } from '../sender/sender.ts';
import { systemClock } from '../time/clock.ts';

export interface DrainOptions {
  requestTimeoutMs: number;
  source(onPartitions: PartitionsListener): ClientSource;
  report(what: ExitDrainReport): void;
}

/**
 * Sends what is left when the process ends, with a sender of the worker's own: the main thread's stands still. Resolves
 * when all is settled, or the time is up.
 */
export async function serveExitDrain(
  drain: ExitDrainTask,
  { requestTimeoutMs, source, report }: DrainOptions,
): Promise<void> {
  const sender = new Sender(
    {
      batch: drain.batch,
      retry: { ...drain.retry, maxAgeMs: undefined },
      requestTimeoutMs,
      // The main thread had room for it.
      buffer: {
        maxRecords: Number.POSITIVE_INFINITY,
        maxBytes: Number.POSITIVE_INFINITY,
        overflow: 'drop-newest',
      },
      idleTimeoutMs: drain.timeoutMs,
      clock: systemClock,
      random: Math.random,
      ledger: new Ledger(),
      partitionOfKey,
      source,
    },
    {
      // The ledger of the main thread has numbered them in this order, from 1 on.
      onDelivered: (records) => report({ kind: 'delivered', indexes: seqsOf(records).map((seq) => seq - 1) }),
      onDropped: ({ seq }, reason, cause) =>
        report({ kind: 'dropped', index: seq - 1, reason, error: toWire(cause) }),
      onOutage: (cause) => report({ kind: 'outage', error: toWire(cause) }),
      onState: () => undefined,
      onAnswer: () => undefined,
    },
  );
  for (const { topic, partition, records } of drain.batches) {
    for (const record of recordsFromWire(topic, records)) {
      record.partition = partition;
      sender.add(record);
    }
  }
  await sender.flush(drain.timeoutMs);
}
