import type { EventEmitter } from 'node:events';
import { Ledger } from '../accumulator/ledger.ts';
import { clientSource, pathOf } from '../clients/client-source.ts';
import { LoopDetection } from '../loop-detector/loop-detection.ts';
import { Channels } from '../observe/channels.ts';
import { DeliveryReports } from '../observe/delivery-reports.ts';
import type { TransportStats } from '../observe/stats.ts';
import { StatsCollector } from '../observe/stats-collector.ts';
import { Warnings } from '../observe/warnings.ts';
import type { ResolvedOptions } from '../options/resolve.ts';
import { partitionOfKey } from '../protocol/murmur2.ts';
import { RecordFactory, type RecordSelection } from '../record/record-factory.ts';
import { Serializer } from '../record/value/serializer.ts';
import { type Sampling, type SamplingOptions, samplingOf } from '../sampling/sampling.ts';
import { SamplingNotice } from '../sampling/sampling-notice.ts';
import { Sender } from '../sender/sender.ts';
import type { SenderEvents, SenderOptions } from '../sender/sender-options.ts';
import { Spool } from '../spool/spool.ts';
import type { Clock } from '../time/clock.ts';
import { DropNotice } from '../undelivered/drop-notice.ts';
import { FallbackWrites } from '../undelivered/fallback-writes.ts';
import { isWritten } from '../winston/workarounds.ts';
import { InfoHandler } from './info-handler.ts';
import { type HoldingLoggers, Lifecycle, type WorkListener } from './lifecycle.ts';
import { dropNoticeRecord, samplingNoticeRecord } from './own-records.ts';
import { spoolAccounting } from './spool-accounting.ts';

type UpdatableSelection = SamplingOptions & Pick<RecordSelection, 'filter'>;

/** Creates and connects the parts between winston's side of a transport and its Kafka client. */
export class Pipeline {
  readonly #options: ResolvedOptions;
  readonly #clock: Clock;
  readonly #ledger = new Ledger();
  readonly #sender: Sender;
  readonly #recordFactory: RecordFactory;
  readonly #loopDetection: LoopDetection;
  readonly warnings: Warnings;
  readonly statsCollector: StatsCollector;
  /** Accepts or suppresses infos. */
  readonly infos: InfoHandler;
  readonly lifecycle: Lifecycle;

  constructor(
    options: ResolvedOptions,
    emitter: EventEmitter,
    clock: Clock,
    work: WorkListener,
    loggers: HoldingLoggers,
  ) {
    this.#options = options;
    this.#clock = clock;
    const { fallback, closeTimeoutMs } = options;
    const ledger = this.#ledger;
    const warnings = new Warnings(emitter, clock);
    const statsCollector = new StatsCollector(clock, pathOf(options.client));
    const channels = new Channels(emitter, (error) => warnings.listenerFailed(error));
    const fallbackWrites = new FallbackWrites(fallback, clock, isWritten);
    const deliveryReports = new DeliveryReports({
      emitter,
      fallback,
      fallbackWrites,
      levels: () => this.infos.levels ?? options.levels ?? {},
      warnings,
      statsCollector,
      channels,
    });
    const recordFactory = new RecordFactory({ ...options, ...this.#selection(options) }, warnings, clock);
    const samplingNotice = new SamplingNotice(clock, (counts) => {
      const record = samplingNoticeRecord(recordFactory, counts);
      if (record !== undefined) this.infos.accept({ kind: 'record', record });
    });
    const loopDetection = new LoopDetection(options, clock, (loop) => deliveryReports.loopFound(loop));
    const onSpoolWork = (): void => this.#sender.onSpooledWork();
    const spool =
      options.spool &&
      new Spool(
        options.spool,
        clock,
        spoolAccounting({ ledger, statsCollector, warnings, onWork: onSpoolWork }),
      );
    const dropNotice = this.#makeDropNotice(recordFactory);
    const senderOptions: SenderOptions = {
      ...options,
      clock,
      random: Math.random,
      ledger,
      gate: loopDetection.gate,
      spool,
      serializer: options.serialize && new Serializer(options.serialize, warnings),
      partitionOfKey,
      source: (onPartitions) =>
        clientSource(options, clock, {
          onPartitions,
          onPath: (path) => statsCollector.onPath(path),
          onThrottle: (ms) => {
            statsCollector.onThrottle(ms);
            this.#sender.onThrottle(ms);
          },
        }),
    };
    const sender = new Sender(
      senderOptions,
      this.#senderEvents(deliveryReports, dropNotice, warnings, channels),
    );
    this.lifecycle = new Lifecycle({
      clock,
      ledger,
      sender,
      spool,
      dropNotice,
      samplingNotice,
      fallbackWrites,
      deliveryReports,
      warnings,
      statsCollector,
      channels,
      closeTimeoutMs,
      work,
      loggers,
    });
    this.infos = new InfoHandler({
      emitter,
      ledger,
      sender,
      recordFactory,
      loopDetection,
      samplingNotice,
      deliveryReports,
      statsCollector,
      channels,
      lifecycle: this.lifecycle,
      work,
    });
    this.#sender = sender;
    this.#recordFactory = recordFactory;
    this.#loopDetection = loopDetection;
    this.warnings = warnings;
    this.statsCollector = statsCollector;
  }

  /** Changes which records are wanted. */
  updateSelection(options: UpdatableSelection): void {
    this.#recordFactory.update(({ sampling }) => this.#selection(options, sampling));
  }

  isReady(maxAgeMs: number): boolean {
    return this.statsCollector.isReady(maxAgeMs, this.#ledger.unsettled > 0, this.#sender.lastError?.at);
  }

  stats(): TransportStats {
    const { accepted, delivered, retimed, dropped, spooled, replayed, queued, queuedBytes, inFlight } =
      this.#ledger;
    const { inMemory, inMemoryBytes } = this.#ledger;
    const { sends, retries, reconnects, lastError } = this.#sender;
    const { maxRecords, maxBytes } = this.#options.buffer;
    return {
      ...this.statsCollector.stats,
      accepted,
      delivered,
      retimed,
      suppressed: { ...this.infos.suppressed },
      dropped: { ...dropped },
      spooled,
      replayed,
      buffered: { records: queued, bytes: queuedBytes },
      memory: { records: inMemory, bytes: inMemoryBytes, maxRecords, maxBytes },
      inFlight,
      sends,
      retries,
      reconnects,
      loops: this.#loopDetection.found,
      callbackFailures: { ...this.warnings.callbackFailures },
      lastError,
    };
  }

  #makeDropNotice(recordFactory: RecordFactory): DropNotice {
    const { dropNotice: isWanted } = this.#options;
    return new DropNotice({
      clock: this.#clock,
      canSend: () => isWanted && !this.lifecycle.isClosed && this.#sender.state !== 'down',
      hasRoom: () => this.#sender.isHalfEmpty,
      make: (counts) => dropNoticeRecord(recordFactory, counts, this.infos.levels),
      send: (record) => this.infos.accept({ kind: 'record', record }),
    });
  }

  #senderEvents(
    deliveryReports: DeliveryReports,
    dropNotice: DropNotice,
    warnings: Warnings,
    channels: Channels,
  ): SenderEvents {
    return {
      onDelivered: (records) => {
        deliveryReports.delivered(records);
        dropNotice.send(false);
      },
      onDropped: (record, reason, cause) => {
        dropNotice.onDropped(record, reason);
        deliveryReports.dropped(record, reason, cause);
      },
      onHeld: (held) => warnings.held(held),
      onOutage: (...outage) => warnings.outage(...outage),
      onSerializerOutage: (cause) => warnings.serializerOutage(cause),
      onState: () => this.lifecycle.onState(),
      onAnswer: (batch, result, ...rest) => {
        channels.batchAnswered(batch, result, ...rest);
        if (result.kind === 'bisect' && result.refused === 'timestamp')
          warnings.retimed(batch.topic, result.cause);
      },
    };
  }

  #selection({ filter, ...options }: UpdatableSelection, before?: Sampling): RecordSelection {
    return { filter, sampling: samplingOf(options, this.#clock.monotonic, Math.random, before) };
  }
}
