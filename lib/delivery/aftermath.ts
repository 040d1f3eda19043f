import type { Clock } from '../clock.ts';
import type { Backlog } from './backlog.ts';
import { type BackoffOptions, fullJitter } from './backoff.ts';
import type { DeliveryClient } from './client.ts';
import type { Connection } from './connection.ts';
import type { Health } from './health.ts';
import type { LaneBatch } from './lane-batch.ts';
import { isNotSent } from './produce-requests.ts';
import type { ShipperEvents } from './shipper-options.ts';
import type { TopicTrials } from './topic-trials.ts';
import type { ClientVerdict, Verdict } from './verdict.ts';

// How often a batch may fail inside the client's own code before that is taken as a record's fault.
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

  constructor(options: AftermathOptions) {
    this.#options = options;
  }

  conclude(client: DeliveryClient, batch: LaneBatch, verdict: Verdict): void {
    const { backlog, connection, health, trials, onDelivered } = this.#options;
    if (verdict.kind !== 'refuse') trials.noteOther(batch.topic);
    switch (verdict.kind) {
      case 'delivered':
        health.noteSuccess();
        connection.noteSuccess();
        onDelivered(backlog.deliver(batch));
        batch.letGo();
        return;
      case 'again':
        this.#tryAgain(client, batch, verdict.cause, verdict.client);
        return;
      case 'relearn':
        this.#findPartition(client, batch, verdict.cause);
        return;
      case 'refuse':
        this.#refuse(client, batch, verdict.cause);
        return;
      case 'halve':
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
    const isMoved = isNotSent(cause) && backlog.unbind(batch, notBefore);
    if (!isMoved) backlog.giveBack(batch, notBefore, isUnsent);
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
      backlog.reject(batch, 'rejected', cause);
      return;
    }
    // At once: until it is clear, the other topics wait.
    backlog.giveBack(batch, 0);
    connection.retire(client, 'replace');
  }

  /** One of the records is refused for good: halves the batch, until that one is alone. */
  #corner(client: DeliveryClient, batch: LaneBatch, verdict: Verdict & { kind: 'halve' }): void {
    const { backlog, connection, health } = this.#options;
    const { failures, suspects } = batch.lane;
    // From inside the client it may be the client's own trouble: first the same again, with a fresh one.
    if (!verdict.certain && suspects === 0 && failures < ENCODING_ATTEMPTS) {
      this.#tryAgain(client, batch, verdict.cause, 'fine');
      connection.retire(client, 'replace');
      return;
    }
    health.noteError(verdict.cause);
    if (batch.count > 1) backlog.halve(batch);
    else backlog.reject(batch, verdict.reason, verdict.cause);
  }
}
