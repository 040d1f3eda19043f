import { type Channel, channel } from 'node:diagnostics_channel';
import type { EventEmitter } from 'node:events';
import type { ProducerBatch } from '../accumulator/producer-batch.ts';
import type { SendResult } from '../clients/send-result.ts';
import { guardSyncUnreported } from '../loop-safety/guard.ts';
import type { DropReason, PendingRecord } from '../record/record.ts';
import type { Info } from '../util/info.ts';
import type { TransportState, TransportStats } from './stats.ts';
import { publishSafely } from './tell-safely.ts';

const BATCH_SENT = channel('winston-kafkajs:batch:sent');
const BATCH_FAILED = channel('winston-kafkajs:batch:failed');
const RECORD_DROPPED = channel('winston-kafkajs:record:dropped');
const RECORD_SUPPRESSED = channel('winston-kafkajs:record:suppressed');
const LOOP_DETECTED = channel('winston-kafkajs:loop:detected');
const STATE_CHANGED = channel('winston-kafkajs:state:changed');

/** What every message on a `winston-kafkajs:` channel has. */
interface ChannelMessage {
  /** The `KafkaTransport` that published the message. */
  readonly transport: EventEmitter;
}

/** One send to the broker. */
interface BatchMessage extends ChannelMessage {
  readonly topic: string;
  /** `undefined` if the client chose the partition and did not report it. */
  readonly partition: number | undefined;
  readonly records: number;
  /** Of values, keys and headers. */
  readonly bytes: number;
  /** Milliseconds from the call of the client's `send` to its answer. */
  readonly durationMs: number;
  /** Whether the records had been sent before. */
  readonly isRetry: boolean;
}

/** On `winston-kafkajs:batch:sent`: the broker has acknowledged a batch. */
export type BatchSentMessage = BatchMessage;

/** On `winston-kafkajs:batch:failed`: a send has failed, or the broker has not acknowledged its records. */
export interface BatchFailedMessage extends BatchMessage {
  /** The Kafka client's error, with its secrets removed. */
  readonly error: unknown;
  /**
   * What happens to the records. `retry`: they are sent again later. `refresh-metadata`: the same, after the partitions have been looked
   * up. `bisect`: the broker refuses one of them for good, and the batch is halved to find it. `reject-topic`: the broker refuses
   * the topic; if a new client gets the same answer, they are dropped.
   */
  readonly result: 'retry' | 'refresh-metadata' | 'bisect' | 'reject-topic';
}

/**
 * On `winston-kafkajs:record:dropped`: a record will not reach Kafka. Its text goes to the `fallback` only. Records that were
 * lost in a damaged spool file are only counted.
 */
export interface RecordDroppedMessage extends ChannelMessage {
  readonly reason: DropReason;
  readonly topic: string;
  readonly level: string;
  /** Epoch milliseconds; what would have been the record's timestamp in Kafka. */
  readonly time: number;
  /** Of value, key and headers. */
  readonly bytes: number;
  /** The error that led to it, if any. */
  readonly cause: unknown;
}

/** Why a record is kept from Kafka on purpose. */
export type SuppressionReason = keyof TransportStats['suppressed'];

/**
 * On `winston-kafkajs:record:suppressed`: a record is kept from Kafka on purpose; other transports still get it. Records that a
 * subscriber logs are suppressed too, and not published here, because that would never end.
 */
export interface RecordSuppressedMessage extends ChannelMessage {
  readonly reason: SuppressionReason;
  /** The winston info. Read it, don't keep or change it: it is shared with the logger's other transports. */
  readonly info: Readonly<Record<string | symbol, unknown>>;
}

/** On `winston-kafkajs:loop:detected`: a loop was found that the guard cannot see; its records are kept from Kafka. */
export interface LoopDetectedMessage extends ChannelMessage {
  /**
   * How it was found. `silence`: its records came after each send, and none came while sends were held back. `hops`: the
   * header `log-hops` of its records says that they have been through Kafka again and again.
   */
  readonly kind: 'silence' | 'hops';
  readonly level: string;
  /** The first words of the loop's messages, without ids and numbers. */
  readonly shape: string;
  /** Where they are logged, if known: `file:line:column`, or the logger's label. */
  readonly callSite: string | undefined;
  /** Milliseconds that such records are kept from Kafka. */
  readonly suppressedForMs: number;
}

/** On `winston-kafkajs:state:changed`. */
export interface StateChangedMessage extends ChannelMessage {
  readonly from: TransportState;
  readonly to: TransportState;
  /** The last error of the broker, and its time (epoch milliseconds), which may be long ago. */
  readonly lastError: TransportStats['lastError'];
}

/** Publishes on `diagnostics_channel` what a transport does. No message is built for a channel without subscribers. */
export class Channels {
  readonly #transport: EventEmitter;
  readonly #onFailure: (error: unknown) => void;

  /** @param onFailure gets what a subscriber throws */
  constructor(transport: EventEmitter, onFailure: (error: unknown) => void) {
    this.#transport = transport;
    this.#onFailure = onFailure;
  }

  batchAnswered(batch: ProducerBatch, result: SendResult, durationMs: number, isRetry: boolean): void {
    const told = result.kind === 'delivered' ? BATCH_SENT : BATCH_FAILED;
    if (!told.hasSubscribers) return;
    const { topic, partition, count: records, bytes } = batch;
    const message = { topic, partition, records, bytes, durationMs, isRetry };
    if (result.kind === 'delivered') this.#publish<BatchSentMessage>(BATCH_SENT, message);
    else
      this.#publish<BatchFailedMessage>(BATCH_FAILED, {
        ...message,
        error: result.cause,
        result: result.kind,
      });
  }

  recordDropped({ topic, level, time, bytes }: PendingRecord, reason: DropReason, cause: unknown): void {
    if (!RECORD_DROPPED.hasSubscribers) return;
    this.#publish<RecordDroppedMessage>(RECORD_DROPPED, { reason, topic, level, time, bytes, cause });
  }

  recordSuppressed(info: Info, reason: SuppressionReason): void {
    if (!RECORD_SUPPRESSED.hasSubscribers) return;
    guardSyncUnreported(() => this.#publish<RecordSuppressedMessage>(RECORD_SUPPRESSED, { reason, info }));
  }

  loopDetected(loop: Omit<LoopDetectedMessage, 'transport'>): void {
    this.#publish<LoopDetectedMessage>(LOOP_DETECTED, loop);
  }

  stateChanged(from: TransportState, to: TransportState, lastError: TransportStats['lastError']): void {
    this.#publish<StateChangedMessage>(STATE_CHANGED, { from, to, lastError });
  }

  #publish<Message extends ChannelMessage>(to: Channel, message: Omit<Message, 'transport'>): void {
    if (to.hasSubscribers) publishSafely(to, { transport: this.#transport, ...message }, this.#onFailure);
  }
}
