import { describe, expect, it } from 'vitest';
import { LoopDetector } from '../../lib/loop-detector/loop-detector.ts';

/** A detector on a clock of its own. Every timer fires `lateMs` after the moment it was set for. */
class Rig {
  readonly found: string[] = [];
  now = 0;
  lateMs = 0;
  random = 0.5;
  readonly detector = new LoopDetector({
    lingerMs: 20,
    now: () => this.now,
    random: () => this.random,
    onLoop: ({ kind }) => this.found.push(kind),
  });

  /** A send, and a record so much later. */
  send(kind: string, delay: number): void {
    this.detector.onSend(this.now, false, 1);
    this.now += delay;
    this.detector.onArrival(kind);
  }

  /** Three sends with the same delay, so that the next one is held. */
  suspect(kind = 'echo', delay = 5): this {
    for (let send = 0; send < 3; send++) {
      this.now += 20;
      expect(this.detector.pauseUntil(this.now, true)).toBe(0);
      this.send(kind, delay);
    }
    return this;
  }

  /** Waits until the next send may go out. @returns how long it was held */
  waitForRelease(): number {
    this.now += 20;
    const since = this.now;
    for (
      let until = this.detector.pauseUntil(since, true);
      until > this.now;
      until = this.detector.pauseUntil(this.now, true)
    )
      this.now = until + this.lateMs;
    return this.now - since;
  }

  /** Rounds of a loop. @returns how many sends are held before one is not */
  heldSends(delay: number): number {
    for (let held = 0; held < 100; held++) {
      if (this.waitForRelease() === 0) return held;
      this.send('echo', delay);
    }
    throw new Error('sends are held for ever');
  }
}

describe('a send', () => {
  it('is held until the echoes have come, and then for a part of 40 times the width of the forecast', () => {
    const rig = new Rig().suspect();
    // The echo comes up to 13.15 ms after a send; the last send was 25 ms ago.
    expect(rig.waitForRelease()).toBeCloseTo(5 * 1.25 + 30 - 25 + 0.5 * 40 * 13.15, 6);
  });

  it('is held for 950 ms at most', () => {
    const rig = new Rig().suspect('echo', 400);
    rig.random = 1;
    expect(rig.waitForRelease()).toBeCloseTo(950, 6);
  });

  it('is held for 500 ms at most until echoes have come', () => {
    const rig = new Rig().suspect('echo', 800);
    rig.detector.pauseUntil(rig.now, false);
    rig.detector.onSend(rig.now, false, 1);
    expect(rig.detector.pauseUntil(rig.now + 1, true)).toBe(rig.now + 501);
  });
});

describe('a test', () => {
  it('finds a loop after four rounds', () => {
    const rig = new Rig().suspect();
    expect(rig.heldSends(5)).toBe(4);
    expect(rig.found).toEqual(['echo']);
  });

  it('counts rounds with sends that go out up to 10 ms late', () => {
    const rig = new Rig().suspect();
    rig.lateMs = 10;
    rig.heldSends(5);
    expect(rig.found).toEqual(['echo']);
  });

  it('counts no rounds with sends that go out later than that, and ends after 24 of them', () => {
    const rig = new Rig().suspect();
    rig.lateMs = 10.5;
    expect(rig.heldSends(5)).toBe(24);
    expect(rig.found).toEqual([]);
    // What was tested in vain is ignored for a while, and not kept from Kafka.
    expect(rig.detector.onArrival('echo')).toBe(false);
  });

  it('ends when sends have been held for 15 s, and the next one waits until there is a second of credit', () => {
    const rig = new Rig().suspect('echo', 400);
    rig.random = 1;
    rig.lateMs = 10.5;
    // 960 ms each, of which a part comes back: 2 % of the time that passes.
    expect(rig.heldSends(400)).toBe(17);
    const spentAt = rig.now;
    const isTestedAt = (ms: number): boolean => {
      rig.now = spentAt + ms;
      rig.suspect(`after ${ms} ms`);
      return rig.waitForRelease() > 0;
    };
    expect([90_000, 100_000].map(isTestedAt)).toEqual([false, true]);
  });

  it('goes on where a stranger comes while a send is held, long after the last one', () => {
    const rig = new Rig().suspect('echo', 1_700);
    for (let round = 0; round < 12; round++) {
      rig.now += 20;
      while (rig.detector.pauseUntil(rig.now, true) > rig.now) {
        rig.now = rig.detector.pauseUntil(rig.now, true);
        expect(rig.detector.onArrival(`stranger ${round}`)).toBe(false);
      }
      rig.send('echo', 1_700);
    }
    expect(rig.found).toEqual(['echo']);
  });

  it('is over once a record comes that no send can have caused: after that, records are looked at no longer', () => {
    const rig = new Rig().suspect();
    rig.detector.onSend(rig.now, true, 1);
    expect(rig.detector.wants(rig.now)).toBe(true);
    rig.now += 2_021;
    expect(rig.detector.onArrival('late')).toBe(false);
    expect(rig.detector.wants(rig.now)).toBe(false);
    expect(rig.waitForRelease()).toBe(0);
  });

  it('that is over leaves nothing behind: what comes again is tested after three sends, as the first time', () => {
    const rig = new Rig().suspect('echo', 1_000);
    rig.now += 1_021;
    rig.detector.onArrival('late');
    rig.send('echo', 980);
    expect(rig.waitForRelease()).toBe(0);
    rig.send('echo', 980);
    expect(rig.waitForRelease()).toBe(0);
    rig.send('echo', 980);
    expect(rig.waitForRelease()).toBeGreaterThan(0);
  });

  it('of two kinds goes by the one that looks most like a loop, and until both have come', () => {
    const rig = new Rig();
    const send = (): void => {
      rig.send('narrow', 5);
      rig.now += 395;
      rig.detector.onArrival('wide');
    };
    for (let round = 0; round < 3; round++) send();
    rig.waitForRelease();
    send();
    // Until 530 ms after the send, and then half of 40 times 13.15 ms.
    expect(rig.waitForRelease()).toBeCloseTo(530 - 420 + 0.5 * 40 * 13.15, 6);
    send();
    rig.now += 20;
    const settled = rig.detector.pauseUntil(rig.now, true);
    rig.now = settled;
    const until = rig.detector.pauseUntil(rig.now, true);
    rig.detector.onArrival('wide');
    expect(rig.detector.pauseUntil(rig.now, true)).toBe(until);
    rig.detector.onArrival('narrow');
    expect(rig.detector.pauseUntil(rig.now, true)).toBe(0);
  });

  it('of what has looped before begins with its second send, also where there is no credit for any other', () => {
    const rig = new Rig();
    for (const suppressedForMs of [10_000, 20_000, 40_000]) {
      if (suppressedForMs === 10_000) rig.suspect();
      else for (let send = 0; send < 2; send++) rig.send('echo', 5);
      rig.heldSends(5);
      rig.now += suppressedForMs;
    }
    expect(rig.found).toEqual(['echo', 'echo', 'echo']);
    rig.suspect('other', 400);
    rig.random = 1;
    rig.lateMs = 10.5;
    while (rig.waitForRelease() > 0) rig.send('other', 400);
    rig.suspect('third');
    expect(rig.waitForRelease()).toBe(0);
    rig.lateMs = 0;
    for (let send = 0; send < 2; send++) rig.send('echo', 5);
    expect(rig.heldSends(5)).toBe(1);
    expect(rig.found.length).toBe(4);
  });

  it('is made of records that come up to two seconds after a send', () => {
    expect(new Rig().suspect('echo', 2_000).waitForRelease()).toBeGreaterThan(0);
    expect(new Rig().suspect('echo', 2_001).waitForRelease()).toBe(0);
  });
});

describe('while nothing is tested', () => {
  it('16 records after each send are looked at, one a millisecond', () => {
    const { detector } = new Rig();
    expect(detector.wants(0)).toBe(false);
    detector.onSend(0, false, 1);
    const isWanted = Array.from({ length: 40 }, (_, at) => detector.wants(1 + Math.floor(at / 2)));
    expect(isWanted.slice(0, 4)).toEqual([true, false, true, false]);
    expect(isWanted.filter(Boolean)).toHaveLength(16);
  });

  it.each([
    [63, true],
    [64, false],
  ])('records after a send of %d are looked at: %s', (records, isLookedAt) => {
    const { detector } = new Rig();
    detector.onSend(0, false, records);
    expect(detector.wants(1)).toBe(isLookedAt);
  });

  it.each([
    [499, true],
    [500, false],
  ])('a kind is remembered beside %d others: %s', (others, isRemembered) => {
    const rig = new Rig();
    for (let send = 0; send < 3; send++) {
      if (send === 2) for (let other = 0; other < others; other++) rig.detector.onArrival(`other ${other}`);
      rig.now += 20;
      rig.send('echo', 5);
    }
    expect(rig.waitForRelease() > 0).toBe(isRemembered);
  });
});
