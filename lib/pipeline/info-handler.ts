import type { EventEmitter } from 'node:events';
import type { Ledger } from '../accumulator/ledger.ts';
import type { LoopDetection } from '../loop-detector/loop-detection.ts';
import { isUnreported } from '../loop-safety/guard.ts';
import type { Channels, SuppressionReason } from '../observe/channels.ts';
import type { DeliveryReports } from '../observe/delivery-reports.ts';
import type { TransportStats } from '../observe/stats.ts';
import type { StatsCollector } from '../observe/stats-collector.ts';
import { isOver } from '../process/process-exit.ts';
import type { Admission, RecordFactory } from '../record/record-factory.ts';
import type { SamplingNotice } from '../sampling/sampling-notice.ts';
import type { Sender } from '../sender/sender.ts';
import { type Info, type Levels, levelOf } from '../util/info.ts';
import type { SpanContext } from '../util/open-telemetry-api.ts';
import type { Mark } from '../winston/mark.ts';
import type { InfoListener } from '../winston/receiver.ts';
import type { Lifecycle, WorkListener } from './lifecycle.ts';

export interface InfoHandlerParts {
  readonly emitter: EventEmitter;
  readonly ledger: Ledger;
  readonly sender: Sender;
  readonly recordFactory: RecordFactory;
  readonly loopDetection: LoopDetection;
  readonly samplingNotice: SamplingNotice;
  readonly deliveryReports: DeliveryReports;
  readonly statsCollector: StatsCollector;
  readonly channels: Channels;
  readonly lifecycle: Lifecycle;
  readonly work: WorkListener;
}

/** Turns winston's infos into records for the sender, or suppresses them and counts why. */
export class InfoHandler implements InfoListener {
  readonly #parts: InfoHandlerParts;
  /** The levels of the logger that the last info came from. */
  levels: Levels | undefined;
  readonly suppressed: TransportStats['suppressed'] = { reentrant: 0, filtered: 0, loop: 0, sampled: 0 };

  constructor(parts: InfoHandlerParts) {
    this.#parts = parts;
  }

  /** Handles an info. It runs inside the log call, so the record is sent later, in another turn of the event loop. */
  admit(info: Info, levels: Levels | undefined, mark: Mark | undefined, span: SpanContext | undefined): void {
    const { emitter, recordFactory, loopDetection, deliveryReports } = this.#parts;
    this.levels = levels;
    const keepInfo = emitter.listenerCount('logged') > 0;
    const admission = recordFactory.create(info, levels, mark?.site, span, keepInfo);
    if (admission.kind === 'filtered') this.suppress('filtered', info);
    else if (admission.kind === 'sampled') {
      this.suppress('sampled', info);
      this.#leftOut(levelOf(info));
    } else if (admission.kind === 'record' && loopDetection.detects(admission.record, info, mark?.site)) {
      this.suppress('loop', info, mark);
      deliveryReports.suppressedAsLoop(admission.record);
    } else this.accept(admission);
  }

  /** Counts a record that `sample` or `rateLimit` has left out, for the sampling notice. */
  #leftOut(level: string): void {
    const { samplingNotice, lifecycle, work } = this.#parts;
    if (!samplingNotice.isPending && !lifecycle.isClosed) work.onWork();
    samplingNotice.add(level);
  }

  /** Accepts and drops, as `invalid`, an info that threw when it was read. */
  admitUnreadable(cause: unknown): void {
    this.accept({ kind: 'invalid', record: this.#parts.recordFactory.createUnreadable(), cause });
  }

  /** Keeps an info from Kafka on purpose. @param mark the info's mark, if it was read */
  suppress(reason: SuppressionReason, info: Info, mark?: Mark): void {
    this.suppressed[reason]++;
    if (!(mark?.isUnreported ?? isUnreported())) this.#parts.channels.recordSuppressed(info, reason);
  }

  /** Counts a record as accepted: from now on it is delivered, or dropped with a reason. */
  accept(admission: Exclude<Admission, { kind: 'filtered' } | { kind: 'sampled' }>): void {
    const { ledger, sender, statsCollector, lifecycle, work } = this.#parts;
    // Opened first, because records that an earlier process left in the spool are sent before this one.
    lifecycle.openSpool();
    statsCollector.accepted(admission.record);
    if (ledger.unsettled === 0) {
      statsCollector.waiting();
      work.onWork();
    }
    if (admission.kind === 'record') sender.add(admission.record);
    else sender.acceptAndDrop(admission.record, admission.kind, admission.cause);
    if (!isOver()) return;
    lifecycle.drainOnExit(0);
    lifecycle.emitDeferredWarnings();
  }
}
