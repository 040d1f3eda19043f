import type { EventEmitter } from 'node:events';
import { isPacked, type Records } from '../accumulator/batch.ts';
import type { Loop } from '../loop-detector/loop-detection.ts';
import type { DropReason, PendingRecord } from '../record/record.ts';
import {
  type Fallback,
  handOn,
  listenForErrors,
  takes,
  type UndeliveredReason,
} from '../undelivered/fallback.ts';
import type { FallbackWrites } from '../undelivered/fallback-writes.ts';
import type { Info, Levels } from '../util/info.ts';
import { LEVEL, MESSAGE } from '../util/info.ts';
import type { Channels } from './channels.ts';
import type { StatsCollector } from './stats-collector.ts';
import { emitSafely } from './tell-safely.ts';
import type { Warnings } from './warnings.ts';

/** The parts that are told what has become of records. */
export interface DeliveryReportListeners {
  emitter: EventEmitter;
  fallback: Fallback | undefined;
  fallbackWrites: FallbackWrites;
  /** The logger's levels. */
  levels(): Levels;
  warnings: Warnings;
  statsCollector: StatsCollector;
  channels: Channels;
}

/** Tells the application what has become of records: by events, channels and the fallback. */
export class DeliveryReports {
  readonly #listeners: DeliveryReportListeners;
  /** How many undelivered records the fallback has been given. */
  handedOn = 0;

  constructor(listeners: DeliveryReportListeners) {
    this.#listeners = listeners;
    const { fallback, warnings } = listeners;
    listenForErrors(fallback, (error) =>
      warnings.callbackFailed('fallback', error, 'what it was given may be lost'),
    );
  }

  delivered(records: Records): void {
    const { emitter, statsCollector, warnings } = this.#listeners;
    statsCollector.delivered(records);
    // Packed records have no info: the `logged` listener, if there is one, was added after they were packed.
    if (isPacked(records) && emitter.listenerCount('logged') === 0) return;
    for (const record of isPacked(records) ? records.toObjects() : records) {
      if (emitter.listenerCount('logged') > 0) {
        const info = record.info ?? infoOf(record.level, record.text);
        emitSafely(emitter, 'logged', info, (error) => warnings.listenerFailed(error));
      }
      record.empty();
    }
  }

  dropped(record: PendingRecord, reason: DropReason, cause: unknown): void {
    const { warnings, channels } = this.#listeners;
    const isHandedOn = this.#handOn(record, reason, cause);
    warnings.dropped(reason, record.topic, cause, isHandedOn);
    channels.recordDropped(record, reason, cause);
  }

  /** A record is kept from Kafka because it is part of a loop. */
  suppressedAsLoop(record: PendingRecord): void {
    this.#handOn(record, 'loop', undefined);
  }

  /** A loop was found. */
  loopFound(loop: Loop): void {
    const { warnings, channels } = this.#listeners;
    warnings.loop(loop);
    const { by, level, shape, callSite, suppressedForMs } = loop;
    channels.loopDetected({ kind: by, level, shape, callSite, suppressedForMs: suppressedForMs });
  }

  /** @returns whether there is a fallback that takes it */
  #handOn(record: PendingRecord, reason: UndeliveredReason, cause: unknown): boolean {
    const { fallback, fallbackWrites, levels, warnings } = this.#listeners;
    if (fallback === undefined || !takes(fallback, record.level, levels())) return false;
    this.handedOn++;
    handOn(fallback, fallbackWrites, record, reason, cause, (error) =>
      warnings.callbackFailed('fallback', error, 'what it was given is lost, and counted'),
    );
    return true;
  }
}

/** An info with the fields that winston sets. */
export function infoOf(level: string, text: string): Info {
  return { level, message: text, [LEVEL]: level, [MESSAGE]: text };
}
