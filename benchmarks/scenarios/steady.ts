import { monitorEventLoopDelay } from 'node:perf_hooks';
import { loggerTo, logMany, sleep } from '../measure/load.ts';
import { FLOOR, MODE_NAMES, openTarget } from '../measure/targets.ts';
import type { Figures, Place, Scenario } from '../scenario.ts';

const PER_SECOND = 5_000;
const TICK_MS = 10;
const WARM_UP_MS = 1_000;
const MEASURED_MS = 3_000;

export const steady: Scenario = {
  name: 'steady',
  title: `At a steady ${PER_SECOND.toLocaleString('en')} records a second`,
  about: `${(PER_SECOND * TICK_MS) / 1000} records every ${TICK_MS} ms, for ${MEASURED_MS / 1000} s after ${WARM_UP_MS / 1000} s of warming up. The event loop's delay is Node's own measure with a resolution of 1 ms; what the transport adds to it is the difference to one that does nothing. Latency is from the log call to the acknowledgement, the linger of 20 ms included.`,
  rounds: 5,
  variants: [FLOOR, ...MODE_NAMES],
  figures: {
    delayP50: { title: 'loop delay p50, ms', digits: 2 },
    delayP99: { title: 'loop delay p99, ms', digits: 2 },
    delayMax: { title: 'loop delay max, ms', digits: 2 },
    latencyP50: { title: 'latency p50, ms', digits: 1 },
    latencyP99: { title: 'latency p99, ms', digits: 1 },
  },
  limits: MODE_NAMES.map((of) => ({
    title: `added event-loop delay p99 at ${PER_SECOND.toLocaleString('en')}/s (${of})`,
    figure: 'delayP99',
    of,
    without: FLOOR,
    atMost: of === 'worker' ? 3 : 10,
    unit: 'ms',
  })),
  async measure(variant: string, place: Place): Promise<Figures> {
    const { transport } = await openTarget(variant, place);
    const logger = loggerTo(transport);
    // The connection is made before the latencies count.
    logMany(logger, 1);
    if ('flush' in transport && typeof transport.flush === 'function') await transport.flush();
    const timer = setInterval(() => logMany(logger, (PER_SECOND * TICK_MS) / 1000), TICK_MS);
    await sleep(WARM_UP_MS);
    const delays = monitorEventLoopDelay({ resolution: 1 });
    delays.enable();
    await sleep(MEASURED_MS);
    delays.disable();
    clearInterval(timer);
    const figures: Record<string, number> = {
      delayP50: delays.percentile(50) / 1e6,
      delayP99: delays.percentile(99) / 1e6,
      delayMax: delays.max / 1e6,
    };
    const { KafkaTransport } = await import('winston-kafkajs');
    if (transport instanceof KafkaTransport) {
      const { p50, p99 } = transport.stats().latencyMs;
      figures.latencyP50 = p50;
      figures.latencyP99 = p99;
    }
    return figures;
  },
};
