import type { KafkaConfig } from 'kafkajs';
import { type Batch, isPacked } from '../../accumulator/batch.ts';
import type { Clock } from '../../time/clock.ts';
import { whenOverdue } from '../../time/overdue.ts';
import type { DeliveryClient, SendOutcome } from '../client.ts';
import type { WorkerExitDrain } from './exit-drain.ts';
import type { Task } from './messages/thread-messages.ts';
import { pagesToWire, recordsToWire } from './messages/wire-records.ts';
import type { WorkerThread } from './worker-thread.ts';

// How long a worker may take to cut a client's connections, which is a moment's work, before it is held to hang.
const HANG_MS = 2_000;

/** A thread, and the number that a transport has in it. */
export interface Joined {
  readonly thread: WorkerThread;
  readonly transport: number;
}

export interface WorkerClientParts {
  readonly clock: Clock;
  readonly exitDrain: WorkerExitDrain;
  readonly idempotent: boolean;
  /** Of kafkajs, where the thread does not import it. */
  readonly kafka: KafkaConfig | undefined;
}

/** A Kafka client in a worker thread, as the main thread has it. */
export class WorkerClient implements DeliveryClient {
  readonly #thread: WorkerThread;
  readonly #transport: number;
  readonly #number: number;
  readonly #parts: WorkerClientParts;
  readonly renew?: () => Promise<void>;

  /** @param number of this client, among those of the transport */
  constructor({ thread, transport }: Joined, number: number, parts: WorkerClientParts) {
    this.#thread = thread;
    this.#transport = transport;
    this.#number = number;
    this.#parts = parts;
    if (parts.idempotent) this.renew = async () => void (await this.#ask({ kind: 'renew', client: number }));
  }

  async connect(): Promise<void> {
    await this.#ask({ kind: 'connect', client: this.#number, kafka: this.#parts.kafka });
  }

  send(batch: Batch): Promise<unknown> {
    const { exitDrain } = this.#parts;
    const { topic, partition, content } = batch;
    const pages = isPacked(content) ? pagesToWire(content) : [];
    const records = isPacked(content) ? pages : recordsToWire(content);
    const task: Task = { kind: 'send', client: this.#number, batch: { topic, partition, records } };
    return new Promise((resolve, reject) => {
      exitDrain.onSend(batch);
      this.#thread.give(this.#transport, task, {
        onOutcome: (outcome) => {
          exitDrain.onSendOutcome(batch, outcome);
          settle(outcome, resolve, reject);
        },
        // Where the main thread has given up waiting, the batch is bound to it all the same.
        onBound: (chosen) => batch.bindTo(chosen),
        handsOver: pages.map(({ memory }) => memory),
      });
    });
  }

  async close(): Promise<void> {
    await this.#ask({ kind: 'close', client: this.#number });
  }

  kill(): void {
    const onHang = (): void => void this.#thread.end('it hung');
    const onOutcome = whenOverdue(this.#parts.clock, HANG_MS, onHang);
    const task: Task = { kind: 'kill', client: this.#number };
    this.#thread.give(this.#transport, task, { onOutcome });
  }

  #ask(task: Task): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#thread.give(this.#transport, task, { onOutcome: (outcome) => settle(outcome, resolve, reject) });
    });
  }
}

function settle(
  outcome: SendOutcome,
  resolve: (answer: unknown) => void,
  reject: (error: unknown) => void,
): void {
  if ('error' in outcome) reject(outcome.error);
  else resolve(outcome.answer);
}
