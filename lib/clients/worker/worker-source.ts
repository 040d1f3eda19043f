import { pathToFileURL } from 'node:url';
import type { KafkaConfig, LogEntry, logCreator } from 'kafkajs';
import type { BatchLimits } from '../../accumulator/batching-policy.ts';
import type { BackoffOptions } from '../../time/backoff.ts';
import type { Clock } from '../../time/clock.ts';
import type { ClientListeners, ClientSource, DeliveryClient } from '../client.ts';
import { guardedLogCreator } from '../kafkajs/guarded-config.ts';
import type { PlatformaticClient } from '../platformatic/client-option.ts';
import { WorkerExitDrain } from './exit-drain.ts';
import type { Remark, WorkerSettings } from './messages/thread-messages.ts';
import { findInstalled } from './modules/find-installed.ts';
import { sharedThread } from './shared-threads.ts';
import { type Joined, WorkerClient } from './worker-client.ts';
import { WorkerThread } from './worker-thread.ts';

export interface WorkerSourceOptions
  extends Omit<WorkerSettings, 'kafkaModule' | 'platformatic' | 'log'>,
    ClientListeners {
  /** Given where @platformatic/kafka ships. */
  client: PlatformaticClient | undefined;
  /** What can be handed to another thread; or the module that exports it, for the worker to import. */
  kafka: KafkaConfig | URL;
  /** Flags of Node's for the thread. */
  execArgv: readonly string[];
  /** Whether the thread is not shared with other transports. */
  isolate: boolean;
  /** Where the client's lines go, in this thread. */
  logCreator: logCreator;
  /** The same, or equal data, for transports whose clients' lines go to the same place. */
  logKey: unknown;
  batch: BatchLimits;
  retry: BackoffOptions;
  clock: Clock;
}

/** Makes Kafka clients that live in a worker thread. Where a worker has ended, the next client goes to another. */
export class WorkerSource implements ClientSource {
  readonly keepsSendTogether = true;
  readonly isOwned = true;
  readonly resendsWhole: boolean;
  readonly brokerCount: number;
  readonly exitDrain: WorkerExitDrain;
  readonly #options: WorkerSourceOptions;
  readonly #log: (entry: LogEntry) => void;
  #joined: Joined | undefined;
  #made = 0;

  constructor(options: WorkerSourceOptions) {
    const { client, idempotent, logLevel } = options;
    this.#options = options;
    this.resendsWhole = idempotent;
    // Each client of @platformatic/kafka tries all of them.
    const brokers = client === undefined ? this.#kafka?.brokers : undefined;
    this.brokerCount = Array.isArray(brokers) ? brokers.length : 1;
    this.#log = guardedLogCreator(options.logCreator)(logLevel);
    this.exitDrain = new WorkerExitDrain({
      ...options,
      kafka: () => this.#kafka,
      give: (task, waiting) => {
        const { thread, transport } = this.#living();
        thread.give(transport, task, waiting);
      },
      listen: (isWaiting, until) => this.#living().thread.listen(isWaiting, until),
    });
  }

  /** Read anew for each client: `ssl` and `sasl` may have getters. */
  get #kafka(): KafkaConfig | undefined {
    const { kafka } = this.#options;
    return kafka instanceof URL ? undefined : kafka;
  }

  make(): DeliveryClient {
    const { clock, idempotent } = this.#options;
    const { exitDrain } = this;
    return new WorkerClient(this.#living(), ++this.#made, {
      clock,
      idempotent,
      exitDrain,
      kafka: this.#kafka,
    });
  }

  async dispose(): Promise<void> {
    const joined = this.#joined;
    this.#joined = undefined;
    await joined?.thread.leave(joined.transport);
  }

  /** The thread, or the next one where it has ended. */
  #living(): Joined {
    if (this.#joined === undefined || this.#joined.thread.hasEnded) this.#joined = this.#join();
    return this.#joined;
  }

  #join(): Joined {
    const { acks, idempotent, compression, requestTimeoutMs, logLevel, fastPath, compressionLevel } =
      this.#options;
    const { client, isolate, kafka, execArgv, clock, logKey } = this.#options;
    const kafkaModule = kafka instanceof URL ? kafka.href : undefined;
    const common = { acks, idempotent, compression, requestTimeoutMs, logLevel, fastPath, compressionLevel };
    const start = { kafkajs: findInstalled('kafkajs', kafkaModule), execArgv };
    const thread = isolate ? new WorkerThread(start, clock) : sharedThread(start, clock);
    const transport = thread.join(
      { logKey, onLine: this.#log, onRemark: (remark) => this.#onRemark(remark) },
      { ...common, kafkaModule, platformatic: client && { url: urlOf(client.name) } },
    );
    return { thread, transport };
  }

  #onRemark(remark: Remark): void {
    if (remark.kind === 'path') this.#options.onPath(remark.path);
    else if (remark.kind === 'throttle') this.#options.onThrottle(remark.ms);
    else if (remark.kind === 'partitions')
      this.#options.onPartitions(remark.topic, remark.count, remark.writable);
    else this.exitDrain.onReport(remark);
  }
}

/** Of a package that is installed. */
function urlOf(name: string): string | undefined {
  const path = findInstalled(name);
  return path && pathToFileURL(path).href;
}
