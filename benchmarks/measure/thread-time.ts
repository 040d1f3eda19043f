// CPU time of the main thread: what a call costs whoever makes it, whatever else the machine is doing meanwhile. Not
// `process.cpuUsage()`, which counts the garbage collector's helpers and the compiler's threads as well; nor the event
// loop's utilization, which counts the time that the thread was ready and the core was another's.
import { openSync, readSync } from 'node:fs';

interface ThreadCpuUsage {
  // Node 22.19, 24 and later.
  threadCpuUsage?(): { readonly user: number; readonly system: number };
}

const { threadCpuUsage } = process as ThreadCpuUsage;

/** Which of the sources there is. */
export const threadTimeSource: string = threadCpuUsage
  ? 'process.threadCpuUsage()'
  : process.platform === 'linux'
    ? "the kernel's schedstat of the main thread"
    : 'the event loop’s utilization';

/** Microseconds so far. */
export const threadMicros: () => number = threadCpuUsage
  ? () => sumOf(threadCpuUsage.call(process))
  : process.platform === 'linux'
    ? schedstat()
    : () => performance.eventLoopUtilization().active * 1000;

function sumOf({ user, system }: { readonly user: number; readonly system: number }): number {
  return user + system;
}

function schedstat(): () => number {
  const file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  const buffer = Buffer.alloc(64);
  const cell = new Int32Array(new SharedArrayBuffer(4));
  return () => {
    // The kernel brings it up to date when the thread gives way, or with the next tick: milliseconds late.
    Atomics.wait(cell, 0, 0, 0.01);
    const length = readSync(file, buffer, 0, buffer.length, 0);
    return Number(buffer.toString('latin1', 0, length).split(' ', 1)[0]) / 1000;
  };
}
