import { loggerTo, logMany } from '../measure/load.ts';
import { MODE_NAMES, openOurs } from '../measure/targets.ts';
import { threadMicros } from '../measure/thread-time.ts';
import type { Figures, Place, Scenario } from '../scenario.ts';

const CALLERS_CODE = "in process, with the caller's `logCreator`";
const AWAITS = 400_000;
const REPEATS = 5;

export const unrelatedAwait: Scenario = {
  name: 'unrelated-await',
  title: "What the application's own `await` costs",
  about:
    'An `await` of an async function that does nothing, before the transport is made, and after it has delivered 1,000 records. With `topic` and `kafka` only no `AsyncLocalStorage` is made; where code of the caller’s runs inside the client there has to be one, and Node 20 and 22 charge every `await` of the process for it.',
  rounds: 7,
  variants: [...MODE_NAMES, CALLERS_CODE],
  figures: {
    beforeNanos: { title: 'before, ns', digits: 1 },
    afterNanos: { title: 'after, ns', digits: 1 },
  },
  limits: MODE_NAMES.map((of) => ({
    title: `an unrelated \`await\`, after over before (${of})`,
    figure: 'afterNanos',
    of,
    overFigure: 'beforeNanos',
    atMost: 1.05,
    unit: '×',
  })),
  async measure(variant: string, place: Place): Promise<Figures> {
    const { logLevel } = await import('kafkajs');
    const kafka = {
      brokers: [...place.brokers],
      ...(variant === CALLERS_CODE && { logLevel: logLevel.NOTHING, logCreator: () => () => undefined }),
    };
    const mode = variant === CALLERS_CODE ? (MODE_NAMES[0] ?? '') : variant;
    const beforeNanos = await nanosPerAwait();
    const transport = await openOurs(mode, place, { kafka });
    logMany(loggerTo(transport), 1_000);
    await transport.close();
    return { beforeNanos, afterNanos: await nanosPerAwait() };
  },
};

/** The best of a few: what is above it is the garbage collector's, and the compiler's. */
async function nanosPerAwait(): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const before = threadMicros();
    for (let n = 0; n < AWAITS; n++) await nothing();
    best = Math.min(best, ((threadMicros() - before) / AWAITS) * 1000);
  }
  return best;
}

async function nothing(): Promise<void> {}
