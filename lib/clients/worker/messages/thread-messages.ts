import type { MessagePort } from 'node:worker_threads';
import type { KafkaConfig, LogEntry } from 'kafkajs';
import type { BatchLimits } from '../../../accumulator/batching-policy.ts';
import type { DropReason } from '../../../record/record.ts';
import type { BackoffOptions } from '../../../time/backoff.ts';
import type { SendPath } from '../../client.ts';
import type { KafkajsClientOptions } from '../../kafkajs/kafkajs-client.ts';
import type { WireError } from './wire-error.ts';
import type { WirePage, WireRecords } from './wire-records.ts';

/** What a thread is told of a transport: the same for all of its clients. */
export interface WorkerSettings
  extends Pick<
    KafkajsClientOptions,
    'logLevel' | 'acks' | 'idempotent' | 'compression' | 'compressionLevel' | 'requestTimeoutMs' | 'fastPath'
  > {
  /** The URL of the module that exports the `KafkaConfig`; otherwise each `connect` brings it along. */
  kafkaModule: string | undefined;
  /** Whether @platformatic/kafka ships, and not kafkajs; and its URL, where it has been found. */
  platformatic: { readonly url: string | undefined } | undefined;
  /** The same number for transports whose clients' lines go to the same place. */
  log: number;
}

/** What a thread is started with. */
export interface WorkerStart {
  /** The path of the application's kafkajs, where it has been found: see find-installed.ts. */
  kafkajs: string | undefined;
  /** What the thread imports before it connects: see `importsOf` in kafka-module.ts. */
  imports: readonly string[];
  port: MessagePort;
  /** Counts what it reports, so that a main thread whose event loop stands still can wait for the next. */
  reports: Int32Array;
}

/** Records for one topic, and one partition where they are bound to it. */
export interface WireBatch<Content = WireRecords> {
  topic: string;
  partition: number | undefined;
  records: Content;
}

/** From the main thread, each to be answered under its number. `transport` is the number of one of the thread's transports. */
export type Order = { call: number; transport: number } & Task;

export type Task =
  /** The first of each transport. */
  | { kind: 'open'; settings: WorkerSettings }
  /** The last one. */
  | { kind: 'leave' }
  | ClientTask;

export type ClientTask =
  | { kind: 'connect'; client: number; kafka: KafkaConfig | undefined }
  | { kind: 'send'; client: number; batch: WireBatch<WireRecords | WirePage[]> }
  | { kind: 'renew' | 'close' | 'kill'; client: number }
  /** The process ends: no other order will come. */
  | { kind: 'drain-on-exit'; kafka: KafkaConfig | undefined; drain: ExitDrainTask };

/** What is left when the process ends, and how long there is to see to it. */
export interface ExitDrainTask {
  batches: WireBatch[];
  batch: BatchLimits;
  retry: BackoffOptions;
  timeoutMs: number;
}

/** From the worker: what became of a task, and what it has to say besides. */
export type Report =
  | { kind: 'done'; call: number; answer: unknown }
  | { kind: 'failed'; call: number; error: WireError }
  /** The client has chosen a partition for a send that named none. */
  | { kind: 'bound'; call: number; partition: number }
  | ({ transport: number } & Remark)
  /** Printed in the thread, by nobody knows which transport's client. */
  | { kind: 'print'; to: 'stdout' | 'stderr'; text: string }
  | { kind: 'line'; log: number; entry: LogEntry };

/** What a thread has to say to a transport. */
export type Remark =
  | { kind: 'partitions'; topic: string; count: number; writable: readonly number[] }
  | { kind: 'path'; path: SendPath }
  | { kind: 'throttle'; ms: number }
  | ExitDrainReport;

/** What becomes of an exit drain. Its records are named by their place in it, from 0. */
export type ExitDrainReport =
  | { kind: 'delivered'; indexes: number[] }
  | { kind: 'dropped'; index: number; reason: DropReason; error: WireError }
  | { kind: 'outage'; error: WireError };
