import type { Clock } from '../../time/clock.ts';
import { isSameData } from '../shared/same-data.ts';
import { type ThreadSettings, WorkerThread } from './worker-thread.ts';

const threads = new Map<WorkerThread, ThreadSettings>();

/** The thread that others of these settings use, or a new one. */
export function sharedThread(settings: ThreadSettings, clock: Clock): WorkerThread {
  for (const [thread, own] of threads) if (isSameData(own, settings)) return thread;
  const thread = new WorkerThread(settings, clock, () => threads.delete(thread));
  threads.set(thread, settings);
  return thread;
}
