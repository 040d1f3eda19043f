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

/** What becomes of winston's infos: records for the sender, or nothing, counted by its reason. */
export class InfoHandler implements InfoListener {
  readonly #parts: InfoHandlerParts;
  /** Of the logger that the last info came from. */
  levels: Levels | undefined;
  readonly suppressed: TransportStats['suppressed'] = { reentrant: 0, filtered: 0, loop: 0, sampled: 0 };

  constructor(parts: InfoHandlerParts) {
    this.#parts = parts;
  }

  /** Takes an info in. The application is waiting, so all else happens later. */
  admit(info: Info, levels: Levels | undefined, mark: Mark | undefined, span: SpanContext | undefined): void {
    const { emitter, recordFactory, loopDetection, deliveryReports } = this.#parts;
    this.levels = levels;
    const keepInfo = emitter.listenerCount('logged') > 0;
    const admission = recordFactory.admit(info, levels, mark?.site, span, keepInfo);
    if (admission.kind === 'filtered') this.suppress('filtered', info);
    else if (admission.kind === 'sampled') {
      this.suppress('sampled', info);
      this.#leftOut(levelOf(info));
    } else if (admission.kind === 'record' && loopDetection.catches(admission.record, info, mark?.site)) {
      this.suppress('loop', info, mark);
      deliveryReports.caught(admission.record);
    } else this.accept(admission);
  }

  /** `sample` or `rateLimit` has left out a record of this level. */
  #leftOut(level: string): void {
    const { samplingNotice, lifecycle, work } = this.#parts;
    if (!samplingNotice.isPending && !lifecycle.isClosed) work.onWork();
    samplingNotice.add(level);
  }

  /** An info that could not even be read, such as one with throwing getters. */
  admitUnreadable(cause: unknown): void {
    this.accept({ kind: 'invalid', record: this.#parts.recordFactory.unreadable(), cause });
  }

  /** Keeps an info from Kafka on purpose. @param mark what it carries, where that was read */
  suppress(reason: SuppressionReason, info: Info, mark?: Mark): void {
    this.suppressed[reason]++;
    if (!(mark?.isUnreported ?? isUnreported())) this.#parts.channels.recordSuppressed(info, reason);
  }

  /** Counts a record as accepted: from now on it is delivered, or dropped with a reason. */
  accept(admission: Exclude<Admission, { kind: 'filtered' } | { kind: 'sampled' }>): void {
    const { ledger, sender, statsCollector, lifecycle, work } = this.#parts;
    // What an earlier process has left goes first.
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
