// Clients in worker threads: the real threads, and this thread's clock held still.
import { BroadcastChannel, type Worker } from 'node:worker_threads';
import { afterAll, onTestFinished, vi } from 'vitest';
import { WorkerSource, type WorkerSourceOptions } from '../../../lib/clients/worker/worker-source.ts';
import { HeldClock } from '../../sender/rig.ts';
import { CLIENT_SETTINGS } from '../client-settings.ts';

export { setImmediate as turn } from 'node:timers/promises';

/** The workers that are started from here on. */
export function watchWorkers(): Worker[] {
  const workers: Worker[] = [];
  const note = (started: Worker): void => void workers.push(started);
  process.on('worker', note);
  onTestFinished(() => void process.off('worker', note));
  return workers;
}

const SOURCES: WorkerSource[] = [];
afterAll(async () => {
  for (const source of SOURCES) await source.dispose();
});

export interface StartedSource {
  readonly source: WorkerSource;
  readonly clock: HeldClock;
  readonly heard: { onPath: unknown[][]; onThrottle: unknown[][]; onPartitions: unknown[][] };
}

/** Silent, and by the fast path, in a thread that is shared until the file's specs are over. */
export function sourceTo(
  kafka: WorkerSourceOptions['kafka'],
  overrides: Partial<WorkerSourceOptions> = {},
): StartedSource {
  const clock = new HeldClock();
  const [onPath, onThrottle, onPartitions] = [vi.fn(), vi.fn(), vi.fn()];
  const source = new WorkerSource({
    client: undefined,
    kafka,
    execArgv: [],
    isolate: false,
    logCreator: () => () => undefined,
    logKey: undefined,
    ...CLIENT_SETTINGS,
    batch: { maxRecords: 10, maxBytes: 10_000, lingerMs: 1 },
    retry: { initialMs: 1, maxMs: 5 },
    clock,
    onPath,
    onThrottle,
    onPartitions,
    ...overrides,
  });
  SOURCES.push(source);
  const heard = {
    onPath: onPath.mock.calls,
    onThrottle: onThrottle.mock.calls,
    onPartitions: onPartitions.mock.calls,
  };
  return { source, clock, heard };
}

let modules = 0;

/** A module that says so when it is imported, and never comes to an end: its thread hangs. */
export function hangingModule(): { url: URL; hangs: Promise<void> } {
  const name = `hanging module ${++modules}`;
  const channel = new BroadcastChannel(name);
  const hangs = new Promise<void>((resolve) => {
    channel.onmessage = () => resolve();
  });
  onTestFinished(() => channel.close());
  const code = `import { BroadcastChannel } from 'node:worker_threads'; new BroadcastChannel('${name}').postMessage(''); for (;;);`;
  return { url: new URL(`data:text/javascript,${encodeURIComponent(code)}`), hangs };
}
