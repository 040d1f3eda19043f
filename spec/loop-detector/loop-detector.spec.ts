import { describe, expect, it } from 'vitest';
import { LoopDetector } from '../../lib/loop-detector/loop-detector.ts';
import { SeededRandom } from '../../testing/soak/random.ts';
import { runInnocentTraffic } from './innocent-traffic.ts';
import { Agenda, Simulation } from './loop-simulation.ts';

interface Echo {
  readonly delayMs: number;
  /** The part of the delay by which it varies. */
  readonly jitter?: number;
  readonly copies?: number;
  /** Ordinary records a second. */
  readonly ordinary?: number;
}

/** Runs a loop until it is found. @returns how many sends that took */
function sendsUntilFound(simulation: Simulation, echo: Echo): number | undefined {
  const { delayMs, jitter = 0.02, copies = 1, ordinary = 0 } = echo;
  const random = new SeededRandom(simulation.random.integer(1, 1_000_000));
  simulation.onSent = (kind) => {
    if (kind === 'ordinary') return;
    for (let copy = 0; copy < copies; copy++) {
      const delay = delayMs * (1 + jitter * (random.next() - 0.5)) + 1 + random.next();
      simulation.after(delay, () => simulation.log('echo'));
    }
  };
  const next = (): void => {
    simulation.log('ordinary');
    simulation.after((-Math.log(1 - random.next()) * 1_000) / ordinary, next);
  };
  if (ordinary > 0) next();
  simulation.log('the first');
  simulation.run(60_000, () => simulation.found.length > 0);
  return simulation.sendsAtFirst;
}

describe('loops, by seed', () => {
  const SEEDS = 60;

  it.each<[string, (random: SeededRandom) => Echo, number]>([
    ['a quick echo', (random) => ({ delayMs: random.integer(0, 20), jitter: 0.4 }), 10],
    ['an echo within 200 ms', (random) => ({ delayMs: random.integer(0, 200), jitter: 0.1 }), 10],
    ['an echo within a second', (random) => ({ delayMs: random.integer(0, 1_000) }), 10],
    [
      'up to three for each',
      (random) => ({ delayMs: random.integer(0, 100), copies: random.integer(1, 3) }),
      10,
    ],
    [
      'a quick echo among ordinary traffic',
      (random) => ({ delayMs: random.integer(0, 20), ordinary: random.integer(5, 200) }),
      16,
    ],
  ])('%s is found', (_name, echoOf, mostSends) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const simulation = new Simulation({ seed });
      const sends = sendsUntilFound(simulation, echoOf(new SeededRandom(seed)));
      expect(sends, `seed ${seed}`).toBeLessThanOrEqual(mostSends);
      expect(simulation.found.map(({ kind }) => kind)).toEqual(['echo']);
      expect(simulation.longestHoldMs).toBeLessThanOrEqual(1_000);
    }
  });

  it('two services that hear each other are found by one of them, though both hold', () => {
    const sends: number[] = [];
    for (let seed = 1; seed <= 40; seed++) {
      const agenda = new Agenda();
      const random = new SeededRandom(seed);
      const one = new Simulation({ seed, agenda });
      const two = new Simulation({ seed: seed + 1_000, agenda });
      one.onSent = () => two.after(3 + 2 * random.next(), () => two.log('two heard'));
      two.onSent = () => one.after(3 + 2 * random.next(), () => one.log('one heard'));
      one.log('the first');
      one.run(60_000, () => one.found.length + two.found.length > 0);
      sends.push(Math.max(one.sends, two.sends));
    }
    sends.sort((a, b) => a - b);
    expect(sends[30]).toBeLessThanOrEqual(10);
    expect(sends.at(-1)).toBeLessThanOrEqual(60);
  });

  it('a loop that starts again after its suppression is found sooner, and suppressed for longer', () => {
    const simulation = new Simulation({ seed: 1 });
    simulation.onSent = () => simulation.after(5, () => simulation.log('echo'));
    const terms: number[] = [];
    const sends: number[] = [];
    for (let time = 0; time < 3; time++) {
      const before = simulation.sends;
      simulation.log('the first');
      simulation.run(60_000, () => simulation.found.length > time);
      terms.push(simulation.found[time]?.suppressedForMs ?? 0);
      sends.push(simulation.sends - before);
      simulation.run(terms[time] ?? 0);
    }
    expect(terms).toEqual([10_000, 20_000, 40_000]);
    expect(Math.max(...sends.slice(1))).toBeLessThan(sends[0] ?? 0);
  });
});

describe('traffic without a loop, by seed', () => {
  it('is never suppressed: 100 patterns', () => {
    for (let seed = 1; seed <= 100; seed++) runInnocentTraffic(seed);
  });

  it('has its sends held for a small part of the time, whatever it looks like', () => {
    const simulation = new Simulation({ seed: 1 });
    // New kinds again and again, each as regular as an echo.
    let kind = 0;
    const next = (): void => {
      simulation.log(`kind ${Math.floor(kind++ / 50)}`);
      simulation.after(100, next);
    };
    next();
    simulation.run(3_600_000);
    expect(simulation.heldMs / simulation.now).toBeGreaterThan(0.005);
    expect(simulation.heldMs / simulation.now).toBeLessThan(0.03);
    expect(simulation.found).toEqual([]);
  });
});

describe('a hold', () => {
  const detectorAt = (now: () => number): LoopDetector => {
    return new LoopDetector({ lingerMs: 20, now, random: () => 0.5, onLoop: () => undefined });
  };

  /** A detector with a candidate, whose next send is due. */
  function suspecting(): { detector: LoopDetector; now: number; pass(to: number): void } {
    let now = 0;
    const detector = detectorAt(() => now);
    for (let round = 0; round < 3; round++) {
      expect(detector.pauseUntil(now, true)).toBe(0);
      detector.onSend(now, false, 1);
      now += 5;
      expect(detector.wants(now)).toBe(true);
      expect(detector.onArrival('echo')).toBe(false);
      now += 20;
    }
    const pass = (to: number): void => {
      now = to;
    };
    return { detector, now, pass };
  }

  it('is over when somebody flushes, or memory fills', () => {
    const { detector, now } = suspecting();
    expect(detector.pauseUntil(now, true)).toBeGreaterThan(now);
    expect(detector.pauseUntil(now + 1, false)).toBe(0);
  });

  it('is over when what it is for has come all the same: more cannot be learnt', () => {
    const { detector, now, pass } = suspecting();
    const settled = detector.pauseUntil(now, true);
    expect(detector.pauseUntil(settled, true)).toBeGreaterThan(settled + 1);
    pass(settled + 1);
    expect(detector.onArrival('another')).toBe(false);
    expect(detector.pauseUntil(settled + 1, true)).toBeGreaterThan(settled + 1);
    expect(detector.onArrival('echo')).toBe(false);
    expect(detector.pauseUntil(settled + 1, true)).toBe(0);
  });

  it('is not repeated before something has been sent', () => {
    const { detector, now } = suspecting();
    const settled = detector.pauseUntil(now, true);
    const until = detector.pauseUntil(settled, true);
    expect(detector.pauseUntil(until, true)).toBe(0);
    expect(detector.pauseUntil(until + 1, true)).toBe(0);
    detector.onSend(until + 2, false, 1);
    expect(detector.pauseUntil(until + 3, true)).toBeGreaterThan(until);
  });

  it('is not begun for dense traffic, unless that goes on and on', () => {
    let now = 0;
    const detector = detectorAt(() => now);
    const round = (): number => {
      const until = detector.pauseUntil(now, true);
      detector.onSend(now, false, 64);
      now += 5;
      if (detector.wants(now)) detector.onArrival('request');
      now += 20;
      return until;
    };
    while (now < 30_000) expect(round()).toBe(0);
    let isHeld = false;
    for (let more = 0; more < 20; more++) isHeld ||= round() > 0;
    expect(isHeld).toBe(true);
  });

  it('is not begun for dense traffic, although a client that was handed in gets a single record now and then', () => {
    let now = 0;
    const detector = detectorAt(() => now);
    let looks = 0;
    for (let send = 1; send <= 200; send++) {
      now += 10;
      detector.onSend(now, false, send % 17 === 0 ? 1 : 500);
      if (detector.wants(now)) looks++;
    }
    expect(looks).toBe(0);
  });

  it('is not begun for what is logged after a flush that was waited for', () => {
    let now = 0;
    const detector = detectorAt(() => now);
    for (let round = 0; round < 20; round++, now += 25) {
      expect(detector.wants(now)).toBe(false);
      expect(detector.pauseUntil(now, true)).toBe(0);
      detector.onSend(now, true, 1);
    }
  });
});
