import { workerData } from 'node:worker_threads';
import { isObject } from '../../util/safely.ts';
import type { WorkerStart } from './messages/thread-messages.ts';

/**
 * What this thread was started with, where it is a shipping thread; `undefined` in any other, such as a thread of the
 * application's, whose `workerData` may be anything.
 */
export function startOfThisThread(): WorkerStart | undefined {
  if (!isObject(workerData)) return undefined;
  const start = workerData.winstonKafkajs as WorkerStart | undefined;
  return start?.reports instanceof Int32Array ? start : undefined;
}

/** Whether this thread was started by a transport, which must not start another: that would go on without end. */
export function isShippingThread(): boolean {
  return startOfThisThread() !== undefined;
}
