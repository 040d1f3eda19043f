import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 10;

/** Starts to measure how late the event loop is. The function that is returned ends it and tells the worst, in ms. */
export function measureLoopDelay(): () => number {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return () => {
    histogram.disable();
    // What Node measures is the time from one of its timers to the next, the timer's own included.
    return Math.max(0, histogram.max / 1e6 - RESOLUTION_MS);
  };
}
