import { loggerTo, logMany, sleep } from '../measure/load.ts';
import { heldMiB } from '../measure/memory.ts';
import { DoesNothing } from '../measure/peers.ts';
import { FLOOR, MODE_NAMES, openOurs } from '../measure/targets.ts';
import type { Figures, Place, Scenario } from '../scenario.ts';

const SETTLE_MS = 2_500;
const MEASURED_MS = 3_000;

export const idle: Scenario = {
  name: 'idle',
  title: 'Idle',
  about: `One record is delivered; ${SETTLE_MS / 1000} s later (the connection is closed after two) the CPU time of the whole process is read for ${MEASURED_MS / 1000} s. Then nothing keeps the process alive any more: the time until it has ended by itself.`,
  rounds: 2,
  variants: [FLOOR, ...MODE_NAMES],
  figures: {
    percent: { title: 'of a core, %', digits: 3 },
    exitMs: { title: 'until it has ended, ms', digits: 0 },
  },
  limits: MODE_NAMES.flatMap((of) => [
    { title: `CPU while idle (${of})`, figure: 'percent', of, atMost: 0.2, unit: '% of a core' },
    { title: `the process can exit (${of})`, figure: 'exitMs', of, atMost: 1_000, unit: 'ms' },
  ]),
  endsByItself: true,
  async measure(variant: string, place: Place): Promise<Figures> {
    const transport = variant === FLOOR ? new DoesNothing() : await openOurs(variant, place);
    logMany(loggerTo(transport), 1);
    await sleep(SETTLE_MS);
    // What is left of the start is V8's to collect some time later: now, then.
    heldMiB();
    const before = process.cpuUsage();
    await sleep(MEASURED_MS);
    const { user, system } = process.cpuUsage(before);
    return { percent: (user + system) / (MEASURED_MS * 10) };
  },
};
