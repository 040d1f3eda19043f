import { describe, expect, it } from 'vitest';
import { type Arrival, Candidate } from '../../lib/loop-detector/candidate.ts';

const DELAY_MS = 100;
// 89 to 111 ms after the release, so 22 ms wide.
const WIDTH_MS = 22;
const SPAN_MS = 40 * WIDTH_MS;
const WIN = Math.log10(0.1 + 0.9 * 40);
const LONGEST_GAP_MS = 2_020;

/** A candidate in traffic of one send every 200 ms. */
class Traffic {
  readonly candidate = new Candidate('echo');
  now = 0;
  sends = 0;

  arrival(delay: number, isHeld = false): Arrival {
    return { now: this.now, sends: this.sends, delay, isHeld };
  }

  /** A send, and the record so much later. @returns whether it is to be tested */
  onUntestedArrival(delay: number, isOnProbation = false): boolean {
    this.now += 200;
    this.sends++;
    return this.candidate.onUntestedArrival(this.arrival(delay), LONGEST_GAP_MS, isOnProbation);
  }

  /** A send is held, and the record comes so long after the release; never, where no time is given. */
  round(waitMs?: number): void {
    this.candidate.bet(this.now, SPAN_MS);
    this.now += 10;
    this.sends++;
    this.candidate.release(this.now);
    if (waitMs === undefined) return;
    this.now += waitMs;
    this.candidate.onArrival(this.arrival(waitMs));
  }

  /** The record comes while a send is held. */
  lostRound(): void {
    this.sends++;
    this.candidate.bet(this.now, SPAN_MS);
    this.now += 10;
    this.candidate.onArrival(this.arrival(DELAY_MS, true));
  }

  /** For how many milliseconds it is ignored. */
  ignored(random: number): number {
    this.candidate.ignore(this.now, () => random);
    let most = 2 ** 22;
    let least = 0;
    while (most - least > 1) {
      const middle = (least + most) / 2;
      if (this.candidate.isIgnored(this.now + middle)) least = middle;
      else most = middle;
    }
    return most;
  }
}

function sighted(delay = DELAY_MS): Traffic {
  const traffic = new Traffic();
  traffic.onUntestedArrival(delay);
  return traffic;
}

describe('a kind of record', () => {
  it('is tested once it has come three times with about the same delay', () => {
    const traffic = new Traffic();
    expect([0, 60, 0].map((delay) => traffic.onUntestedArrival(delay))).toEqual([false, false, true]);
    expect(traffic.candidate.isTested).toBe(true);
  });

  it('is tested after twelve sends where the delay varies', () => {
    const traffic = new Traffic();
    const isTested = Array.from({ length: 12 }, (_, send) =>
      traffic.onUntestedArrival(send % 2 === 0 ? 0 : 61),
    );
    expect(isTested.indexOf(true)).toBe(11);
  });

  it('counts once for each send', () => {
    const traffic = new Traffic();
    traffic.onUntestedArrival(5);
    for (let copy = 0; copy < 12; copy++) {
      expect(traffic.candidate.onUntestedArrival(traffic.arrival(5), LONGEST_GAP_MS, false)).toBe(false);
    }
  });

  it('starts from nothing after a gap that is too long for a loop', () => {
    for (const [gapMs, isTested] of [
      [LONGEST_GAP_MS, true],
      [LONGEST_GAP_MS + 1, false],
    ] as const) {
      const traffic = new Traffic();
      traffic.onUntestedArrival(5);
      traffic.onUntestedArrival(5);
      traffic.now += gapMs - 200;
      expect(traffic.onUntestedArrival(5)).toBe(isTested);
    }
  });

  it('that was a loop before is tested at its second send, with most of the evidence', () => {
    const traffic = new Traffic();
    expect(traffic.onUntestedArrival(0, true)).toBe(false);
    expect(traffic.candidate.evidence).toBe(0);
    expect(traffic.onUntestedArrival(150, true)).toBe(true);
    expect(traffic.candidate.evidence).toBe(4);
    expect(traffic.candidate.isProven).toBe(false);
  });
});

describe('a bet', () => {
  it('is won at its odds by an echo that comes when it is forecast, and lost by any other', () => {
    for (const [waitMs, evidence] of [
      [88, -1],
      [90, WIN],
      [110, WIN],
      [112, -1],
      [undefined, 0],
    ] as const) {
      const traffic = sighted();
      traffic.round(waitMs);
      expect(traffic.candidate.evidence, `${waitMs} ms`).toBeCloseTo(evidence, 9);
    }
  });

  it('is lost once the next begins and no echo has come', () => {
    const traffic = sighted();
    traffic.round();
    traffic.candidate.bet(traffic.now, SPAN_MS);
    expect(traffic.candidate.evidence).toBeCloseTo(-1, 9);
  });

  it('is lost by a record that comes while the send is held', () => {
    const traffic = sighted();
    traffic.lostRound();
    expect(traffic.candidate.evidence).toBeCloseTo(-1, 9);
    expect(traffic.candidate.isAbsent).toBe(false);
  });

  it('is not counted where the round is called off', () => {
    const traffic = sighted();
    traffic.candidate.bet(traffic.now, SPAN_MS);
    traffic.candidate.callOff();
    traffic.candidate.release(traffic.now);
    traffic.candidate.onArrival(traffic.arrival(5));
    expect(traffic.candidate.evidence).toBe(0);
  });

  it('is not made at less than three to one', () => {
    const { candidate, now } = sighted();
    candidate.bet(now, 2.99 * WIDTH_MS);
    expect(candidate.isAbsent).toBe(false);
    candidate.bet(now, 3.01 * WIDTH_MS);
    expect(candidate.isAbsent).toBe(true);
  });

  it('is not made by what has not come for two seconds', () => {
    const { candidate, now } = sighted();
    candidate.bet(now + 2_000, SPAN_MS);
    expect(candidate.isAbsent).toBe(true);
    candidate.bet(now + 2_001, SPAN_MS);
    expect(candidate.isAbsent).toBe(false);
  });
});

describe('a candidate', () => {
  it('is proven after four rounds that were won, not after three', () => {
    const traffic = sighted();
    for (let round = 0; round < 3; round++) traffic.round(DELAY_MS);
    expect(traffic.candidate.isProven).toBe(false);
    traffic.round(DELAY_MS);
    expect(traffic.candidate.isProven).toBe(true);
  });

  it('is hopeless after three lost rounds, not after two', () => {
    const traffic = sighted();
    traffic.round();
    traffic.round();
    traffic.candidate.bet(traffic.now, 0);
    expect(traffic.candidate.evidence).toBeCloseTo(-2, 9);
    expect(traffic.candidate.isRuledOut).toBe(false);
    traffic.round();
    traffic.candidate.bet(traffic.now, 0);
    expect(traffic.candidate.isRuledOut).toBe(true);
  });

  it('is hopeless when it has come in two rounds while nothing was sent', () => {
    const traffic = new Traffic();
    traffic.lostRound();
    // Without delays there was no bet.
    expect(traffic.candidate.evidence).toBe(0);
    traffic.candidate.onArrival(traffic.arrival(DELAY_MS, true));
    expect(traffic.candidate.isRuledOut).toBe(false);
    traffic.lostRound();
    expect(traffic.candidate.isRuledOut).toBe(true);
  });

  it('may have echoes until a quarter later than the latest, and 30 ms', () => {
    const traffic = sighted(80);
    traffic.onUntestedArrival(40);
    expect(traffic.candidate.echoesWithinMs).toBe(130);
  });

  it('may have echoes for two seconds once one has come while nothing was sent', () => {
    const traffic = sighted();
    traffic.lostRound();
    expect(traffic.candidate.echoesWithinMs).toBe(2_000);
  });

  it.each([
    ['evidence was won', [DELAY_MS, 212], 0.249, true],
    ['evidence was won', [DELAY_MS, 212], 0.251, false],
    ['none was won', [212], 0.749, true],
    ['none was won', [212], 0.751, false],
    ['the echo was less than 100 ms late', [210], 0, false],
  ])('backs off where the echo was late and %s, by chance: %j %d', (_name, waits, random, backsOff) => {
    const traffic = sighted();
    for (const wait of waits) traffic.round(wait);
    expect(traffic.candidate.backsOff(() => random)).toBe(backsOff);
  });
});

describe('a dropped candidate', () => {
  it('that came while nothing was sent is ignored for 30 s, and twice as long each time, up to half an hour', () => {
    const traffic = new Traffic();
    const seconds = Array.from({ length: 8 }, () => {
      traffic.lostRound();
      traffic.lostRound();
      return traffic.ignored(0.5) / 1_000;
    });
    const expected = [30, 60, 120, 240, 480, 960, 1_800, 1_800];
    for (const [at, wanted] of expected.entries()) expect(seconds[at]).toBeCloseTo(wanted, 2);
  });

  it('is otherwise ignored for a random part of 2 s, and of four times as long each time', () => {
    const traffic = new Traffic();
    expect(traffic.ignored(0.5)).toBeCloseTo(1_000, -1);
    expect(traffic.ignored(0.25)).toBeCloseTo(2_000, -1);
    expect(traffic.ignored(0.25)).toBeCloseTo(8_000, -1);
  });

  it('is ignored for a random part of 30 of its own delays where they are long', () => {
    expect(sighted(100).ignored(0.5)).toBeCloseTo(1_500, -1);
  });

  it('starts from nothing', () => {
    const traffic = sighted();
    traffic.round(DELAY_MS);
    traffic.candidate.ignore(traffic.now, () => 0);
    expect(traffic.candidate.evidence).toBe(0);
    expect(traffic.candidate.isTested).toBe(false);
    expect(traffic.candidate.delayMs).toBe(0);
    expect(traffic.candidate.echoesWithinMs).toBe(30);
  });
});
