import type { KafkaConfig } from 'kafkajs';
import type { Clock } from '../../util/clock.ts';
import { groupBy } from '../../util/group-by.ts';
import type { BackoffOptions } from '../../util/backoff.ts';
import type { Batch } from '../../accumulator/batch.ts';
import type { Heir, HeirEvents, Outcome } from '../client.ts';
import type { BatchLimits } from '../../accumulator/batching-policy.ts';
import type { PendingRecord } from '../../record/record.ts';
import type { WillReport, WireBatch } from './messages.ts';
import { fromWire } from './wire-error.ts';
import { recordsToWire } from './wire-records.ts';
import type { WorkerThread } from './worker-thread.ts';

export interface WorkerHeirOptions {
  batch: BatchLimits;
  retry: BackoffOptions;
  clock: Clock;
  /** Asked when it is needed. */
  kafka(): KafkaConfig | undefined;
  thread(): WorkerThread;
}

/** The worker, when the process ends: it goes on while the main thread only waits. */
export class WorkerHeir implements Heir {
  readonly #options: WorkerHeirOptions;
  readonly #underWay = new Set<Batch>();
  #onOutcome: ((batch: Batch, outcome: Outcome) => void) | undefined;
  #onReport: ((report: WillReport) => void) | undefined;

  constructor(options: WorkerHeirOptions) {
    this.#options = options;
  }

  noteSend(batch: Batch): void {
    this.#underWay.add(batch);
  }

  noteOutcome(batch: Batch, outcome: Outcome): void {
    this.#underWay.delete(batch);
    this.#onOutcome?.(batch, outcome);
  }

  /** What the worker has to say of the will. */
  note(report: WillReport): void {
    this.#onReport?.(report);
  }

  awaitSends<Sent extends Batch>(
    batches: ReadonlySet<Sent>,
    until: number,
    onOutcome: (batch: Sent, outcome: Outcome) => void,
  ): void {
    const awaited = new Map<Batch, Sent>();
    for (const batch of batches) if (this.#underWay.has(batch)) awaited.set(batch, batch);
    if (awaited.size === 0) return;
    this.#onOutcome = (batch, outcome) => {
      const sent = awaited.get(batch);
      if (sent === undefined) return;
      awaited.delete(batch);
      onOutcome(sent, outcome);
    };
    this.#options.thread().listen(() => awaited.size > 0, until);
    this.#onOutcome = undefined;
  }

  ship(records: readonly PendingRecord[], until: number, events: HeirEvents): void {
    const { batch, retry, clock } = this.#options;
    // Records of one topic, and one partition where they are bound to it, in their order.
    const groups = [...groupBy(records, ({ topic, partition }) => `${topic}/${partition}`).values()];
    const inOrder = groups.flat();
    this.#onReport = (report) => {
      if (report.kind === 'delivered') events.onDelivered(recordsAt(inOrder, report.places));
      else if (report.kind === 'outage') events.onOutage(fromWire(report.error));
      else
        for (const record of recordsAt(inOrder, [report.place]))
          events.onDropped(record, report.reason, report.error && fromWire(report.error));
    };
    let isWaiting = true;
    const thread = this.#options.thread();
    const will = { batches: groups.map(toWireBatch), batch, retry, timeoutMs: until - clock.monotonic() };
    thread.give(
      { kind: 'ship', kafka: this.#options.kafka(), will },
      {
        onOutcome: (outcome) => {
          isWaiting = false;
          if ('error' in outcome) events.onOutage(outcome.error);
        },
      },
    );
    thread.listen(() => isWaiting, until);
    this.#onReport = undefined;
  }
}

function toWireBatch(records: readonly PendingRecord[]): WireBatch {
  return {
    topic: records[0]?.topic ?? '',
    partition: records[0]?.partition,
    records: recordsToWire(records),
  };
}

function recordsAt(records: readonly PendingRecord[], places: readonly number[]): PendingRecord[] {
  return places.map((place) => records[place]).filter((record) => record !== undefined);
}
