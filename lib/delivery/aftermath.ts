import type { Clock } from '../clock.ts';
import type { Backlog } from './backlog.ts';
import { type BackoffOptions, fullJitter } from './backoff.ts';
import type { DeliveryClient } from './client.ts';
import type { Connection } from './connection.ts';
import type { Health } from './health.ts';
import type { Batch } from './lane.ts';
import type { ShipperEvents } from './shipper-options.ts';
import type { TopicTrials } from './topic-trials.ts';
import type { ClientVerdict, Verdict } from './verdict.ts';

// How often a batch may fail inside the client's own code before that is taken as a record's fault.
const ENCODING_ATTEMPTS = 3;

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

  conclude(client: DeliveryClient, batch: Batch, verdict: Verdict): void {
    const { backlog, connection, health, trials, onDelivered } = this.#options;
    if (verdict.kind !== 'refuse') trials.noteOther(batch.topic);
    switch (verdict.kind) {
      case 'delivered':
        health.noteSuccess();
        connection.noteSuccess();
        onDelivered(backlog.deliver(batch));
        return;
      case 'again':
        this.#tryAgain(client, batch, verdict.cause, verdict.client);
        return;
      case 'relearn':
        backlog.forget(batch.topic);
        batch.partition = undefined;
        this.#tryAgain(client, batch, verdict.cause, 'fine');
        return;
      case 'refuse':
        this.#refuse(client, batch, verdict.cause);
        return;
      case 'halve':
        this.#corner(client, batch, verdict);
    }
  }

  /** The records again, later. */
  #tryAgain(client: DeliveryClient, batch: Batch, cause: unknown, clientVerdict: ClientVerdict): void {
    const { backlog, connection, health, clock, retry, random } = this.#options;
    const laneFailures = batch.lane.failures + 1;
    backlog.giveBack(batch, clock.monotonic() + fullJitter(laneFailures, retry, random));
    // There was no answer at all.
    const isUnreachable = clientVerdict === 'doubtful';
    const isStuck = health.noteFailure({ cause, isUnreachable, laneFailures });
    if (clientVerdict === 'out-of-sequence') connection.retire(client, 'replace');
    else if (isUnreachable) connection.repairFailed(client);
    else if (isStuck) connection.retire(client, 'repair');
  }

  /** The whole topic is refused for good; but only believed where no other topic can have been meant. */
  #refuse(client: DeliveryClient, batch: Batch, cause: unknown): void {
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
  #corner(client: DeliveryClient, batch: Batch, verdict: Verdict & { kind: 'halve' }): void {
    const { backlog, connection, health } = this.#options;
    const { failures, suspects } = batch.lane;
    // From inside the client it may be the client's own trouble: first the same again, with a fresh one.
    if (!verdict.certain && suspects === 0 && failures < ENCODING_ATTEMPTS) {
      this.#tryAgain(client, batch, verdict.cause, 'fine');
      connection.retire(client, 'replace');
      return;
    }
    health.noteError(verdict.cause);
    if (batch.records.length > 1) backlog.halve(batch);
    else backlog.reject(batch, verdict.reason, verdict.cause);
  }
}
