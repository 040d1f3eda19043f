import type { KafkaConfig, LogEntry, logCreator } from 'kafkajs';
import { type Batch, isPacked } from '../../accumulator/batch.ts';
import type { BatchLimits } from '../../accumulator/batching-policy.ts';
import { guardSync } from '../../loop-safety/guard.ts';
import type { BackoffOptions } from '../../util/backoff.ts';
import type { Clock } from '../../util/clock.ts';
import type { ClientListeners, ClientSource, DeliveryClient, SendOutcome } from '../client.ts';
import { guardedLogCreator } from '../kafkajs/guarded-config.ts';
import { WorkerExitDrain } from './exit-drain.ts';
import type { Remark, Task, WorkerSettings } from './messages.ts';
import { pagesToWire, recordsToWire } from './wire-records.ts';
import { WorkerThread } from './worker-thread.ts';

export interface WorkerSourceOptions extends Omit<WorkerSettings, 'kafkaModule'>, ClientListeners {
  /** What can be handed to another thread; or the module that exports it, for the worker to import. */
  kafka: KafkaConfig | URL;
  /** Flags of Node's for the thread. */
  execArgv: readonly string[];
  /** Where the client's lines go, in this thread. */
  logCreator: logCreator;
  batch: BatchLimits;
  retry: BackoffOptions;
  clock: Clock;
}

// How long a worker may take to cut a client's connections, which is a moment's work, before it is held to hang.
const HANG_MS = 2_000;

/** Makes kafkajs clients that live in a worker thread. Where a worker has ended, the next client starts another. */
export class WorkerSource implements ClientSource {
  readonly keepsSendTogether = true;
  readonly isOwned = true;
  readonly resendsWhole: boolean;
  readonly brokerCount: number;
  readonly exitDrain: WorkerExitDrain;
  readonly #options: WorkerSourceOptions;
  readonly #log: (entry: LogEntry) => void;
  #thread: WorkerThread | undefined;
  #made = 0;

  constructor(options: WorkerSourceOptions) {
    const { kafka, idempotent, logLevel } = options;
    this.#options = options;
    this.resendsWhole = idempotent;
    this.brokerCount = !(kafka instanceof URL) && Array.isArray(kafka.brokers) ? kafka.brokers.length : 1;
    this.#log = guardedLogCreator(options.logCreator)(logLevel);
    this.exitDrain = new WorkerExitDrain({
      ...options,
      kafka: () => this.#kafka,
      thread: () => this.#livingThread(),
    });
  }

  /** Read anew for each client: `ssl` and `sasl` may have getters. */
  get #kafka(): KafkaConfig | undefined {
    const { kafka } = this.#options;
    return kafka instanceof URL ? undefined : kafka;
  }

  make(): DeliveryClient {
    return new WorkerClient(this.#livingThread(), ++this.#made, this.#kafka, this.exitDrain, this.#options);
  }

  async dispose(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.end('the transport was closed');
  }

  #livingThread(): WorkerThread {
    if (this.#thread === undefined || this.#thread.hasEnded) {
      const { acks, idempotent, compression, requestTimeoutMs, logLevel, fastPath } = this.#options;
      const { kafka, execArgv, clock } = this.#options;
      const kafkaModule = kafka instanceof URL ? kafka.href : undefined;
      const settings = { acks, idempotent, compression, requestTimeoutMs, logLevel, fastPath, kafkaModule };
      this.#thread = new WorkerThread(settings, execArgv, clock, (report) => this.#onReport(report));
    }
    return this.#thread;
  }

  #onReport(report: Remark): void {
    if (report.kind === 'line') this.#log(report.entry);
    else if (report.kind === 'print') print(report.to, report.text);
    else if (report.kind === 'path') this.#options.onPath(report.path);
    else if (report.kind === 'throttle') this.#options.onThrottle(report.ms);
    else if (report.kind === 'partitions')
      this.#options.onPartitions(report.topic, report.count, report.writable);
    else this.exitDrain.onReport(report);
  }
}

class WorkerClient implements DeliveryClient {
  readonly #thread: WorkerThread;
  readonly #number: number;
  readonly #kafka: KafkaConfig | undefined;
  readonly #exitDrain: WorkerExitDrain;
  readonly #clock: Clock;
  readonly renew?: () => Promise<void>;

  constructor(
    thread: WorkerThread,
    number: number,
    kafka: KafkaConfig | undefined,
    exitDrain: WorkerExitDrain,
    { clock, idempotent }: WorkerSourceOptions,
  ) {
    this.#thread = thread;
    this.#number = number;
    this.#kafka = kafka;
    this.#exitDrain = exitDrain;
    this.#clock = clock;
    if (idempotent) this.renew = async () => void (await this.#ask({ kind: 'renew', client: number }));
  }

  async connect(): Promise<void> {
    await this.#ask({ kind: 'connect', client: this.#number, kafka: this.#kafka });
  }

  send(batch: Batch): Promise<unknown> {
    const { topic, partition, content } = batch;
    const pages = isPacked(content) ? pagesToWire(content) : [];
    const records = isPacked(content) ? pages : recordsToWire(content);
    const task: Task = { kind: 'send', client: this.#number, batch: { topic, partition, records } };
    return new Promise((resolve, reject) => {
      this.#exitDrain.onSend(batch);
      this.#thread.give(task, {
        onOutcome: (outcome) => {
          this.#exitDrain.onSendOutcome(batch, outcome);
          settle(outcome, resolve, reject);
        },
        // Where the main thread has given up waiting, the batch is bound to it all the same.
        onBound: (chosen) => {
          batch.partition = chosen;
        },
        handsOver: pages.map(({ memory }) => memory),
      });
    });
  }

  async close(): Promise<void> {
    await this.#ask({ kind: 'close', client: this.#number });
  }

  kill(): void {
    const timer = this.#clock.after(HANG_MS, () => void this.#thread.end('it hung'));
    this.#thread.give({ kind: 'kill', client: this.#number }, { onOutcome: () => this.#clock.cancel(timer) });
  }

  #ask(task: Task): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#thread.give(task, { onOutcome: (outcome) => settle(outcome, resolve, reject) });
    });
  }
}

/** Whatever captures what is printed runs under the flag, and must not end the process. */
function print(to: 'stdout' | 'stderr', text: string): void {
  try {
    guardSync(() => process[to].write(text));
  } catch {
    // Nowhere is left to report it.
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
