import type { ProducerBatch } from '../../accumulator/producer-batch.ts';
import type { RecordAccumulator } from '../../accumulator/record-accumulator.ts';
import type { DeliveryClient } from '../../clients/client.ts';
import { isNotSent } from '../../clients/not-sent-error.ts';
import type { ClientCondition, SendResult } from '../../clients/send-result.ts';
import { NoSuchPartitionError } from '../../record/partition.ts';
import type { PendingRecord } from '../../record/record.ts';
import { type BackoffOptions, fullJitter } from '../../time/backoff.ts';
import type { Clock } from '../../time/clock.ts';
import type { Connection } from '../connection.ts';
import type { Health } from '../health.ts';
import type { SenderEvents } from '../sender-options.ts';
import { KeylessRefusals } from './keyless-refusals.ts';
import { MissingPartitions } from './missing-partitions.ts';
import { RefusedTimes } from './refused-times.ts';
import type { TopicProbe } from './topic-probe.ts';

// How often a batch may fail, with an error that does not tell why, before the record at fault is looked for.
const FAILURES_BEFORE_SEARCH = 3;

// How often a partition may be missing in a row before its records are given another one: with the default waits
// about two minutes on average, longer than a broker takes to start again.
const ABSENT_ATTEMPTS = 32;

// After how many failures in a row the records of a partition whose broker was never reached go to another one: with the
// default waits about 20 seconds. While somebody flushes, or the transport is being closed, there may not be as much time.
const UNREACHED_ATTEMPTS = 10;
const UNREACHED_ATTEMPTS_IN_A_FLUSH = 3;

export interface SendResultHandlerOptions {
  clock: Clock;
  random(): number;
  retry: BackoffOptions;
  accumulator: RecordAccumulator;
  connection: Connection;
  health: Health;
  topicProbe: TopicProbe;
  onDelivered: SenderEvents['onDelivered'];
  isFlushing(): boolean;
}

/** Acts on the result of a send: what becomes of its records, of the client, and of the health state. */
export class SendResultHandler {
  readonly #options: SendResultHandlerOptions;
  readonly #times: RefusedTimes;
  readonly #keyless: KeylessRefusals;
  readonly #missing = new MissingPartitions();

  constructor(options: SendResultHandlerOptions) {
    this.#options = options;
    this.#times = new RefusedTimes(options.clock.wall);
    this.#keyless = new KeylessRefusals(options.clock.monotonic);
  }

  /** A batch is about to be sent: its records get other times, where their topic is known to refuse theirs. */
  prepare(batch: ProducerBatch): void {
    this.#times.prepare(batch);
  }

  handle(client: DeliveryClient, batch: ProducerBatch, result: SendResult): void {
    const { accumulator, connection, health, topicProbe, onDelivered } = this.#options;
    if (result.kind !== 'reject-topic') topicProbe.onOtherResult(batch.topic);
    switch (result.kind) {
      case 'delivered':
        health.recordSuccess();
        connection.recordSuccess();
        this.#keyless.onDelivered(batch);
        onDelivered(accumulator.deliver(batch));
        batch.release();
        return;
      case 'retry':
        this.#tryAgain(client, batch, result.cause, result.client);
        return;
      case 'refresh-metadata':
        this.#findPartition(client, batch, result.cause);
        return;
      case 'reject-topic':
        this.#rejectTopic(client, batch, result.cause);
        return;
      case 'bisect':
        this.#bisect(client, batch, result);
    }
  }

  /**
   * The client's metadata lacks the partition, so nothing was sent. If the topic is known to have it, it has only lost its leader: its
   * records wait, for `ABSENT_ATTEMPTS` attempts, because in another partition they would come after younger ones. Otherwise the
   * topic's partitions are asked for anew.
   */
  #findPartition(client: DeliveryClient, batch: ProducerBatch, cause: unknown): void {
    const { partition } = batch.partitionQueue;
    const count = this.#options.accumulator.partitionCount(batch.topic);
    const exists = partition !== undefined && count !== undefined && partition < count;
    if (!exists && this.#rejectRequested(client, batch, count)) return;
    if (!exists || batch.partitionQueue.failures + 1 >= ABSENT_ATTEMPTS) {
      this.#options.accumulator.forgetPartitions(batch.topic);
      batch.unbind();
    }
    // A batch that was sent before may have been stored then.
    this.#tryAgain(client, batch, cause, 'fine', !batch.isRetry);
  }

  /**
   * What the option `partition` has put there must not go elsewhere.
   *
   * @param count how many partitions the topic has; not known of a client that was handed in
   * @returns whether the batch has been seen to
   */
  #rejectRequested(client: DeliveryClient, batch: ProducerBatch, count: number | undefined): boolean {
    const { accumulator, connection, health, clock } = this.#options;
    const { topic, partition, records } = batch;
    const requested = records.filter(({ requestedPartition }) => requestedPartition !== undefined);
    if (partition === undefined || requested.length === 0) return false;
    if (count === undefined) {
      if (batch.partitionQueue.failures + 1 < ABSENT_ATTEMPTS) return false;
    } else if (!this.#missing.onAbsent(topic, count, client, clock.monotonic())) {
      accumulator.reenqueue(batch, 0, !batch.isRetry);
      connection.retire(client, 'replace');
      return true;
    }
    const cause = new NoSuchPartitionError(topic, partition, count);
    health.recordError(cause);
    if (requested.length === batch.count) accumulator.reject(batch, 'rejected', cause);
    else accumulator.rejectPart(batch, requested, 'rejected', cause);
    return true;
  }

  /** The records again, later. @param isNotStored as for `reenqueue` */
  #tryAgain(
    client: DeliveryClient,
    batch: ProducerBatch,
    cause: unknown,
    clientCondition: ClientCondition,
    isNotStored = false,
  ): void {
    const { accumulator, connection, health, clock, retry, random } = this.#options;
    const queueFailures = batch.partitionQueue.failures + 1;
    const notBefore = clock.monotonic() + fullJitter(queueFailures, retry, random);
    const mayHaveArrived = !isNotSent(cause);
    if (mayHaveArrived) accumulator.markMayHaveArrived(batch);
    if (mayHaveArrived || !this.#move(batch, notBefore)) accumulator.reenqueue(batch, notBefore, isNotStored);
    // There was no answer at all.
    const isUnreachable = clientCondition === 'doubtful';
    const isStuck = health.recordFailure({ cause, isUnreachable, queueFailures, topic: batch.topic });
    if (clientCondition === 'out-of-sequence') connection.retire(client, 'replace');
    else if (isUnreachable) connection.repairIfCurrent(client);
    else if (isStuck) connection.retire(client, 'repair');
  }

  /** @returns whether the records go to another partition, because the broker of theirs was never reached */
  #move(batch: ProducerBatch, notBefore: number): boolean {
    const { accumulator, isFlushing } = this.#options;
    const { partitionQueue } = batch;
    const most = isFlushing() ? UNREACHED_ATTEMPTS_IN_A_FLUSH : UNREACHED_ATTEMPTS;
    return partitionQueue.failures + 1 >= most && accumulator.move(batch, notBefore);
  }

  /** The whole topic is refused for good; but only believed where no other topic can have been meant. */
  #rejectTopic(client: DeliveryClient, batch: ProducerBatch, cause: unknown): void {
    const { accumulator, connection, health, topicProbe } = this.#options;
    health.recordError(cause);
    if (topicProbe.onRefused(batch.topic)) {
      this.#onAnswered(cause);
      accumulator.reject(batch, 'rejected', cause);
      return;
    }
    // At once: until it is clear, the other topics wait.
    accumulator.reenqueue(batch, 0);
    connection.retire(client, 'replace');
  }

  /** One of the records is refused for good: bisects the batch, until that one is alone. */
  #bisect(client: DeliveryClient, batch: ProducerBatch, result: SendResult & { kind: 'bisect' }): void {
    const { accumulator } = this.#options;
    const { cause, reason, refused } = result;
    if (!result.certain) {
      this.#findCause(client, batch, result);
      return;
    }
    this.#onAnswered(cause);
    if (refused === 'timestamp' && this.#times.onRefused(batch)) {
      accumulator.reenqueue(batch, 0, true);
      return;
    }
    const named = namedRecords(batch, result.refusedIndexes);
    const part = named.length === 0 && refused === 'record' ? this.#keyless.onRefused(batch) : named;
    if (part.length > 0) accumulator.rejectPart(batch, part, reason, cause);
    else if (batch.count > 1) accumulator.bisect(batch);
    else accumulator.reject(batch, reason, cause);
  }

  /**
   * An error that does not tell whether a record or the client is at fault. First the same again, where the client may be
   * broken with a fresh one; then fewer records, down to one; then that one and its neighbours (record-isolation.ts).
   */
  #findCause(client: DeliveryClient, batch: ProducerBatch, result: SendResult & { kind: 'bisect' }): void {
    const { accumulator, connection, health } = this.#options;
    const { partitionQueue } = batch;
    const { cause, reason } = result;
    if (!partitionQueue.search.isRecent && partitionQueue.failures < FAILURES_BEFORE_SEARCH) {
      this.#tryAgain(client, batch, cause, 'fine');
      if (result.isClientSuspect) connection.retire(client, 'replace');
      return;
    }
    health.recordError(cause);
    if (batch.count > 1) {
      accumulator.bisect(batch);
      return;
    }
    const { search } = partitionQueue;
    const step = search.isolate(accumulator.waitingWith(batch), partitionQueue.isOldest(batch));
    if (step === 'next') accumulator.isolate(batch);
    else if (step === 'wait') this.#tryAgain(client, batch, cause, 'fine', true);
    else accumulator.reject(batch, reason, cause);
  }

  /** A refusal shows as well as a success that the broker can be reached, and that the connection works. */
  #onAnswered(cause: unknown): void {
    const { connection, health } = this.#options;
    health.recordError(cause);
    health.recordSuccess();
    connection.recordSuccess();
  }
}

/** The records that the broker has named as those it refuses; none where one of them is not in the batch. */
function namedRecords(batch: ProducerBatch, indexes: readonly number[] = []): readonly PendingRecord[] {
  if (indexes.length === 0) return [];
  const { records } = batch;
  const named = [...new Set(indexes)].map((index) => records[index]);
  return named.every((record) => record !== undefined) ? named : [];
}
