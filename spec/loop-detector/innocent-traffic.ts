// Traffic that has nothing to do with what the transport sends, by seed.
import { expect } from 'vitest';
import { SeededRandom } from '../../testing/soak/random.ts';
import { Simulation } from './loop-simulation.ts';

type Source = (simulation: Simulation, random: SeededRandom, kind: string) => void;

/** Periods and rates of all orders of magnitude alike. */
function logUniform(random: SeededRandom, least: number, most: number): number {
  return least * (most / least) ** random.next();
}

function exponential(random: SeededRandom, mean: number): number {
  return -Math.log(1 - random.next()) * mean;
}

/** Calls `run` again and again, after what `wait` says. */
function repeat(simulation: Simulation, wait: () => number, run: () => void): void {
  const next = (): void => {
    run();
    simulation.after(wait(), next);
  };
  simulation.after(wait(), next);
}

function beat(simulation: Simulation, random: SeededRandom, kind: string, periodMs: number): void {
  const jitter = random.pick([0, 0, 0.01, 0.2]);
  repeat(
    simulation,
    () => periodMs * (1 + jitter * (random.next() - 0.5)),
    () => simulation.log(kind),
  );
}

const INNOCENT: Readonly<Record<string, Source>> = {
  'heartbeats from 1 ms to 10 s': (simulation, random, kind) =>
    beat(simulation, random, kind, logUniform(random, 1, 10_000)),
  'heartbeats of exactly the linger, or a multiple': (simulation, random, kind) =>
    beat(simulation, random, kind, simulation.lingerMs * random.integer(1, 50)),
  'heartbeats of a round number of milliseconds': (simulation, random, kind) =>
    beat(simulation, random, kind, random.pick([10, 25, 50, 100, 200, 250, 500, 1_000, 2_000, 5_000])),
  'records at random': (simulation, random, kind) => {
    const mean = logUniform(random, 1, 5_000);
    repeat(
      simulation,
      () => exponential(random, mean),
      () => simulation.log(kind),
    );
  },
  bursts: (simulation, random, kind) => {
    const mean = logUniform(random, 50, 5_000);
    const isRegular = random.chance(0.5);
    const count = random.integer(1, 50);
    const gap = logUniform(random, 0.01, 20);
    repeat(
      simulation,
      () => (isRegular ? mean : exponential(random, mean)),
      () => {
        for (let at = 0; at < count; at++) simulation.after(at * gap, () => simulation.log(kind));
      },
    );
  },
  ramps: (simulation, random, kind) => {
    const least = logUniform(random, 1, 50);
    const factor = random.pick([0.9, 0.99, 1.01, 1.05]);
    let wait = random.pick([least, 2_000]);
    repeat(
      simulation,
      () => {
        wait = Math.min(3_000, Math.max(least, wait * factor));
        return wait;
      },
      () => simulation.log(kind),
    );
  },
  'one record per acknowledgement of another system': (simulation, random, kind) => {
    // That one batches, too, with the same linger.
    const mean = logUniform(random, 1, 2_000);
    const roundTripMs = logUniform(random, 0.5, 100);
    let waiting = 0;
    repeat(
      simulation,
      () => exponential(random, mean),
      () => {
        if (waiting++ > 0) return;
        simulation.after(simulation.lingerMs + roundTripMs * (1 + random.next() / 10), () => {
          waiting = 0;
          simulation.log(kind);
        });
      },
    );
  },
  'an answer, and at once the next request, of another system': (simulation, random, kind) => {
    const roundTripMs = logUniform(random, 2, 1_500);
    const jitter = random.pick([0.001, 0.01, 0.1]);
    repeat(
      simulation,
      () => roundTripMs * (1 + jitter * random.next()),
      () => simulation.log(kind),
    );
  },
  'log-per-request of a load generator': (simulation, random, kind) => {
    const clients = random.integer(1, 20);
    const serviceMs = logUniform(random, 1, 200);
    const thinkMs = logUniform(random, 1, 2_000);
    for (let client = 0; client < clients; client++) {
      const request = (): void => {
        simulation.log(`${kind} begins`);
        simulation.after(serviceMs * (0.5 + random.next()), () => {
          simulation.log(`${kind} ends`);
          simulation.after(exponential(random, thinkMs), request);
        });
      };
      simulation.after(exponential(random, thinkMs), request);
    }
  },
  'on and off': (simulation, random, kind) => {
    const gap = logUniform(random, 2, 300);
    const onMs = logUniform(random, 100, 5_000);
    let left = 0;
    repeat(
      simulation,
      () => {
        if (left-- > 0) return gap;
        left = Math.ceil(onMs / gap);
        return exponential(random, 3_000);
      },
      () => simulation.log(kind),
    );
  },
};

/** One to three sources of innocent traffic. @returns what they are */
function addInnocentTraffic(simulation: Simulation, random: SeededRandom): string[] {
  const names = Object.keys(INNOCENT) as [string, ...string[]];
  return Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, (_, at) => {
    const name = random.pick(names);
    INNOCENT[name]?.(simulation, random, `kind ${at}`);
    return name;
  });
}

/** A pattern that is no loop: nothing of it is found, and no send of it is held for more than a second. */
export function runInnocentTraffic(seed: number): void {
  const random = new SeededRandom(seed);
  const lingerMs = random.pick([1, 5, 20, 20, 20, 100, 1_000]);
  const simulation = new Simulation({ seed: seed * 31, lingerMs, sendMs: random.pick([0.5, 2, 20]) });
  const names = addInnocentTraffic(simulation, random);
  simulation.run(5_000);
  expect(simulation.found, `seed ${seed}: ${names}`).toEqual([]);
  expect(simulation.longestHoldMs).toBeLessThanOrEqual(1_000);
}
