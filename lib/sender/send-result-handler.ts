import type { Clock } from '../util/clock.ts';
import type { Backlog } from '../accumulator/record-accumulator.ts';
import { type BackoffOptions, fullJitter } from '../util/backoff.ts';
import type { DeliveryClient } from '../clients/client.ts';
import type { Connection } from './connection.ts';
import type { Health } from './health.ts';
import { KeylessRefusals } from './keyless-refusals.ts';
import type { LaneBatch } from '../accumulator/producer-batch.ts';
import { RecordIsolation } from './record-isolation.ts';
import { RefusedTimes } from './refused-times.ts';
import type { ShipperEvents } from './sender-options.ts';
import type { TopicTrials } from './topic-probe.ts';
import type { ClientVerdict, Verdict } from './send-result.ts';

// How often a batch may fail, with an error that does not tell why, before a record in it is suspected.
const ENCODING_ATTEMPTS = 3;

// How often a partition may be missing in a row before its records are given another one: with the default waits
// about two minutes on average, longer than a broker takes to start again.
const ABSENT_ATTEMPTS = 32;

export interface AftermathOptions {
  clock: Clock;
  random(): number;
  retry: BackoffOptions;
  backlog: Backlog;
  connection: Connection;
  health: Health;
  trials: TopicTrials;
  onDelivered: ShipperEvents['onDelivered'];
}

/** Carries out the verdict on a send: what becomes of its records, of the client, and of the picture of the broker. */
export class Aftermath {
  readonly #options: AftermathOptions;
  readonly #times: RefusedTimes;
  readonly #keyless: KeylessRefusals;

  constructor(options: AftermathOptions) {
    this.#options = options;
    this.#times = new RefusedTimes(options.clock.wall);
    this.#keyless = new KeylessRefusals(options.clock.monotonic);
  }

  /** A batch is about to be sent: what is known of its topic is heeded. */
  prepare(batch: LaneBatch): void {
    this.#times.prepare(batch);
  }

  conclude(client: DeliveryClient, batch: LaneBatch, verdict: Verdict): void {
    const { backlog, connection, health, trials, onDelivered } = this.#options;
    if (verdict.kind !== 'reject-topic') trials.noteOther(batch.topic);
    switch (verdict.kind) {
      case 'delivered':
        health.noteSuccess();
        connection.noteSuccess();
        this.#keyless.noteDelivered(batch);
        onDelivered(backlog.deliver(batch));
        batch.letGo();
        return;
      case 'retry':
        this.#tryAgain(client, batch, verdict.cause, verdict.client);
        return;
      case 'refresh-metadata':
        this.#findPartition(client, batch, verdict.cause);
        return;
      case 'reject-topic':
        this.#refuse(client, batch, verdict.cause);
        return;
      case 'bisect':
        this.#corner(client, batch, verdict);
    }
  }

  /**
   * The partition was not there, so nothing was sent. Most often it is between two leaders, and comes back: records that
   * went to another one would come after later ones that are there already. With a key, too: it may belong elsewhere by
   * now, but then later ones of it have gone there.
   */
  #findPartition(client: DeliveryClient, batch: LaneBatch, cause: unknown): void {
    const { partition } = batch.lane;
    const exists = partition !== undefined && this.#options.backlog.hasPartition(batch.topic, partition);
    if (!exists || batch.lane.failures + 1 >= ABSENT_ATTEMPTS) {
      this.#options.backlog.forget(batch.topic);
      batch.partition = undefined;
    }
    // What goes again may have arrived the first time.
    this.#tryAgain(client, batch, cause, 'fine', !batch.isRetry);
  }

  /** The records again, later. @param isUnsent whether the broker cannot have any of them */
  #tryAgain(
    client: DeliveryClient,
    batch: LaneBatch,
    cause: unknown,
    clientVerdict: ClientVerdict,
    isUnsent = false,
  ): void {
    const { backlog, connection, health, clock, retry, random } = this.#options;
    const laneFailures = batch.lane.failures + 1;
    const notBefore = clock.monotonic() + fullJitter(laneFailures, retry, random);
    backlog.giveBack(batch, notBefore, isUnsent);
    // There was no answer at all.
    const isUnreachable = clientVerdict === 'doubtful';
    const isStuck = health.noteFailure({ cause, isUnreachable, laneFailures });
    if (clientVerdict === 'out-of-sequence') connection.retire(client, 'replace');
    else if (isUnreachable) connection.repairFailed(client);
    else if (isStuck) connection.retire(client, 'repair');
  }

  /** The whole topic is refused for good; but only believed where no other topic can have been meant. */
  #refuse(client: DeliveryClient, batch: LaneBatch, cause: unknown): void {
    const { backlog, connection, health, trials } = this.#options;
    health.noteError(cause);
    if (trials.isRefused(batch.topic)) {
      this.#noteAnswer(cause);
      backlog.reject(batch, 'rejected', cause);
      return;
    }
    // At once: until it is clear, the other topics wait.
    backlog.giveBack(batch, 0);
    connection.retire(client, 'replace');
  }

  /** One of the records is refused for good: halves the batch, until that one is alone. */
  #corner(client: DeliveryClient, batch: LaneBatch, verdict: Verdict & { kind: 'bisect' }): void {
    const { backlog } = this.#options;
    const { cause, reason, refused } = verdict;
    if (!verdict.certain) {
      this.#suspect(client, batch, verdict);
      return;
    }
    this.#noteAnswer(cause);
    if (refused === 'timestamp' && this.#times.noteRefused(batch)) {
      backlog.giveBack(batch, 0, true);
      return;
    }
    const keyless = refused === 'record' ? this.#keyless.noteRefused(batch) : [];
    if (keyless.length > 0) backlog.rejectPart(batch, keyless, reason, cause);
    else if (batch.count > 1) backlog.halve(batch);
    else backlog.reject(batch, reason, cause);
  }

  /**
   * An error that does not tell whether a record or the client is at fault. First the same again, where the client may be
   * broken with a fresh one; then fewer records, down to one; then that one and its neighbours (record-isolation.ts).
   */
  #suspect(client: DeliveryClient, batch: LaneBatch, verdict: Verdict & { kind: 'bisect' }): void {
    const { backlog, connection, health } = this.#options;
    const { lane } = batch;
    const { cause, reason } = verdict;
    const isFirst = lane.isolation === undefined && lane.suspects === 0 && !lane.isWary;
    if (isFirst && lane.failures < ENCODING_ATTEMPTS) {
      this.#tryAgain(client, batch, cause, 'fine');
      if (verdict.isClientSuspect) connection.retire(client, 'replace');
      return;
    }
    health.noteError(cause);
    if (batch.count > 1) {
      backlog.halve(batch);
      return;
    }
    lane.isolation ??= new RecordIsolation(lane.suspects > 0 && lane.hasPartArrived);
    const { isolation } = lane;
    const step = isolation.noteFailure(backlog.waitingWith(batch));
    if (step === 'next') backlog.isolate(batch);
    else if (step === 'wait') this.#tryAgain(client, batch, cause, 'fine', true);
    else {
      backlog.reject(batch, reason, cause);
      if (isolation.isOver) lane.isolation = undefined;
    }
  }

  /** A refusal shows as well as a success that the broker can be reached, and that the connection works. */
  #noteAnswer(cause: unknown): void {
    const { connection, health } = this.#options;
    health.noteError(cause);
    health.noteSuccess();
    connection.noteSuccess();
  }
}
