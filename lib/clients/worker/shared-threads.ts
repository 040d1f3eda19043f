import type { Clock } from '../../util/clock.ts';
import { isSameData } from '../shared/same-data.ts';
import { WorkerThread } from './worker-thread.ts';

/** What a thread is started with: transports for which it is the same share one. */
export interface ThreadSettings {
  readonly kafkajs: string | undefined;
  readonly execArgv: readonly string[];
}

const threads = new Map<WorkerThread, ThreadSettings>();

/** The thread that others of these settings use, or a new one. */
export function sharedThread(settings: ThreadSettings, clock: Clock): WorkerThread {
  for (const [thread, own] of threads) if (isSameData(own, settings)) return thread;
  const thread = newThread(settings, clock, () => threads.delete(thread));
  threads.set(thread, settings);
  return thread;
}

/** @param onEnded called once, when it has ended, for whatever reason */
export function newThread(
  { kafkajs, execArgv }: ThreadSettings,
  clock: Clock,
  onEnded: () => void = () => undefined,
): WorkerThread {
  return new WorkerThread(kafkajs, execArgv, clock, onEnded);
}
