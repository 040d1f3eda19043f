import { logLevel } from 'kafkajs';
import type { KafkajsClientOptions } from '../../lib/clients/kafkajs/kafkajs-client.ts';
import type { WorkerSettings } from '../../lib/clients/worker/messages/thread-messages.ts';

/** Of a client that is silent, takes the fast path, and ends no send by itself. */
export const CLIENT_SETTINGS: Pick<
  KafkajsClientOptions,
  'logLevel' | 'acks' | 'idempotent' | 'compression' | 'compressionLevel' | 'requestTimeoutMs' | 'fastPath'
> = {
  logLevel: logLevel.NOTHING,
  acks: -1,
  idempotent: false,
  compression: undefined,
  compressionLevel: undefined,
  requestTimeoutMs: 60_000,
  fastPath: true,
};

/** Of such clients in a worker thread. */
export const WORKER_SETTINGS: Omit<WorkerSettings, 'log'> = {
  ...CLIENT_SETTINGS,
  kafkaModule: undefined,
  platformatic: undefined,
};
