import type { KafkaConfig } from 'kafkajs';
import type { Batch } from '../../accumulator/batch.ts';
import type { BatchLimits } from '../../accumulator/batching-policy.ts';
import type { PendingRecord } from '../../record/record.ts';
import type { BackoffOptions } from '../../time/backoff.ts';
import type { Clock } from '../../time/clock.ts';
import { groupBy } from '../../util/group-by.ts';
import type { ExitDrain, ExitDrainEvents, SendOutcome } from '../client.ts';
import type { ExitDrainReport, Task, WireBatch } from './messages/thread-messages.ts';
import { fromWire } from './messages/wire-error.ts';
import { recordsToWire } from './messages/wire-records.ts';
import type { Waiting, WorkerThread } from './worker-thread.ts';

export interface WorkerExitDrainOptions {
  batch: BatchLimits;
  retry: BackoffOptions;
  clock: Clock;
  /** Asked when it is needed. */
  kafka(): KafkaConfig | undefined;
  /** Gives the thread a task of this transport's. */
  give(task: Task, waiting: Waiting): void;
  /** See {@link WorkerThread.listen}. */
  listen: WorkerThread['listen'];
}

/** The worker, when the process ends: it goes on while the main thread only waits. */
export class WorkerExitDrain implements ExitDrain {
  readonly #options: WorkerExitDrainOptions;
  readonly #underWay = new Set<Batch>();
  /** Answers that came in this turn of the event loop: to another transport of the thread that was waiting for its own. */
  readonly #unheard = new Map<Batch, SendOutcome>();
  #onOutcome: ((batch: Batch, outcome: SendOutcome) => void) | undefined;
  #onReport: ((report: ExitDrainReport) => void) | undefined;

  constructor(options: WorkerExitDrainOptions) {
    this.#options = options;
  }

  onSend(batch: Batch): void {
    this.#underWay.add(batch);
  }

  onSendOutcome(batch: Batch, outcome: SendOutcome): void {
    this.#underWay.delete(batch);
    if (this.#onOutcome !== undefined) this.#onOutcome(batch, outcome);
    else {
      this.#unheard.set(batch, outcome);
      void Promise.resolve().then(() => this.#unheard.delete(batch));
    }
  }

  /** What the worker reports of the drain. */
  onReport(report: ExitDrainReport): void {
    this.#onReport?.(report);
  }

  awaitSends<Sent extends Batch>(
    batches: ReadonlySet<Sent>,
    until: number,
    onOutcome: (batch: Sent, outcome: SendOutcome) => void,
  ): void {
    const awaited = new Map<Batch, Sent>();
    for (const batch of batches) {
      const outcome = this.#unheard.get(batch);
      if (outcome !== undefined) onOutcome(batch, outcome);
      else if (this.#underWay.has(batch)) awaited.set(batch, batch);
    }
    if (awaited.size === 0) return;
    this.#onOutcome = (batch, outcome) => {
      const sent = awaited.get(batch);
      if (sent === undefined) return;
      awaited.delete(batch);
      onOutcome(sent, outcome);
    };
    this.#options.listen(() => awaited.size > 0, until);
    this.#onOutcome = undefined;
  }

  send(records: readonly PendingRecord[], until: number, events: ExitDrainEvents): void {
    const { batch, retry, clock } = this.#options;
    // Records of one topic, and one partition where they are bound to it, in their order.
    const groups = [...groupBy(records, ({ topic, partition }) => `${topic}/${partition}`).values()];
    const inOrder = groups.flat();
    this.#onReport = (report) => {
      if (report.kind === 'delivered') events.onDelivered(recordsAt(inOrder, report.indexes));
      else if (report.kind === 'outage') events.onOutage(fromWire(report.error));
      else
        for (const record of recordsAt(inOrder, [report.index]))
          events.onDropped(record, report.reason, fromWire(report.error));
    };
    let isWaiting = true;
    const drain = { batches: groups.map(toWireBatch), batch, retry, timeoutMs: until - clock.monotonic() };
    this.#options.give(
      { kind: 'drain-on-exit', kafka: this.#options.kafka(), drain },
      {
        onOutcome: (outcome) => {
          isWaiting = false;
          if ('error' in outcome) events.onOutage(outcome.error);
        },
      },
    );
    this.#options.listen(() => isWaiting, until);
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

function recordsAt(records: readonly PendingRecord[], indexes: readonly number[]): PendingRecord[] {
  return indexes.map((index) => records[index]).filter((record) => record !== undefined);
}
