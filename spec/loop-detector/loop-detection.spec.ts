import { describe, expect, it, vi } from 'vitest';
import {
  evidenceOf,
  type Loop,
  LoopDetection,
  remedyForLoop,
} from '../../lib/loop-detector/loop-detection.ts';
import { resolveOptions } from '../../lib/options/resolve.ts';
import { hopsOf } from '../../lib/record/headers/hops.ts';
import { PendingRecord } from '../../lib/record/record.ts';
import type { Info } from '../../lib/util/info.ts';
import { HeldClock } from '../sender/rig.ts';

const SITE = { function: 'pay', module: 'src/shop', file: '/src/shop.ts', line: 3, column: 7 };

class Rig {
  readonly clock = new HeldClock();
  readonly loops: Loop[] = [];
  readonly detection: LoopDetection;

  constructor(given: object = {}) {
    const options = resolveOptions({ topic: 'logs', kafka: { brokers: ['localhost:9092'] }, ...given });
    this.detection = new LoopDetection(options, this.clock, (loop) => this.loops.push(loop));
  }

  detects(info: Info, origin?: typeof SITE): boolean {
    const record = new PendingRecord({
      topic: 'logs',
      level: 'info',
      severity: 2,
      time: this.clock.wall(),
      text: 'text',
      key: null,
    });
    return this.detection.detects(record, info, origin);
  }

  /** A send, and a record that comes of it; held as long as it has to be. */
  round(info: Info): boolean {
    const { gate } = this.detection;
    if (gate === undefined) throw new Error('sends are not held');
    this.clock.now += 20;
    for (let until = gate.pauseUntil(this.clock.now, true); until > this.clock.now; ) {
      this.clock.now = until;
      until = gate.pauseUntil(until, true);
    }
    gate.onSend(this.clock.now, false, 1);
    this.clock.now += 5;
    return this.detects(info);
  }
}

const infoWith = (hops: string): Info => ({
  level: 'info',
  message: 'consumed 17',
  ...hopsOf({ 'log-hops': hops }),
});

it.each([
  ['by default', {}, true],
  ['with loopDetection: false', { loopDetection: false }, false],
  ['where a record that waits a second may be too old', { retry: { maxAgeMs: 4_999 } }, false],
  ['where records may wait for long enough', { retry: { maxAgeMs: 5_000 } }, true],
])('%s, flushes may be held: %j %s', (_name, given, mayPause) => {
  expect(new Rig(given).detection.gate !== undefined).toBe(mayPause);
});

describe('by the header that counts hops', () => {
  it('records are caught, and each kind is told of once', () => {
    const rig = new Rig({ loopHeader: true, loopDetection: false });
    expect(rig.detects(infoWith('4'))).toBe(false);
    expect([rig.detects(infoWith('5')), rig.detects(infoWith('6'))]).toEqual([true, true]);
    expect(rig.detects({ ...infoWith('5'), message: 'another kind' })).toBe(true);
    expect(rig.loops.map(({ shape }) => shape)).toEqual(['consumed #', 'another kind']);
    expect(rig.detection.found).toBe(2);
    expect(rig.loops[0]).toEqual({
      by: 'hops',
      fingerprint: 'info "consumed #"',
      level: 'info',
      shape: 'consumed #',
      callSite: undefined,
      delayMs: 0,
      suppressedForMs: Number.POSITIVE_INFINITY,
    });
  });

  it('a thousand kinds are remembered: texts that vary make ever new ones', () => {
    const rig = new Rig({ loopHeader: true });
    // In letters: numbers make no kinds of their own.
    const caught = (at: number): boolean =>
      rig.detects({
        ...infoWith('5'),
        message: `of ${at.toString(2).replaceAll('0', 'x').replaceAll('1', 'y')}`,
      });
    for (let at = 0; at < 1_000; at++) expect(caught(at)).toBe(true);
    expect([caught(0), caught(999), rig.detection.found]).toEqual([true, true, 1_000]);
    expect([caught(1_000), caught(0), rig.detection.found]).toEqual([true, true, 1_002]);
  });

  it('records are not caught without loopHeader: true', () => {
    expect(new Rig().detects(infoWith('9'))).toBe(false);
  });

  it.each([
    ['at its call site, where that was captured', SITE, '/src/shop.ts:3:7'],
    ['by the label of the part of the application', undefined, 'shop'],
  ])('a loop is told of %s', (_name, origin, callSite) => {
    const rig = new Rig({ loopHeader: true });
    rig.detects({ ...infoWith('5'), label: 'shop' }, origin);
    expect(rig.loops).toMatchObject([{ callSite }]);
  });
});

describe('by holding sends', () => {
  it('records that come after each send, and only then, are caught and told of', () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const rig = new Rig();
    const caught = Array.from({ length: 12 }, () => rig.round({ level: 'info', message: 'heard 17' }));
    random.mockRestore();
    // Three sends to suspect it, and four rounds to prove it.
    expect(caught.indexOf(true)).toBe(6);
    expect(caught.slice(6)).toEqual(Array(6).fill(true));
    expect(rig.loops).toMatchObject([
      { by: 'silence', shape: 'heard #', delayMs: 5, suppressedForMs: 10_000 },
    ]);
    expect(rig.detection.found).toBe(1);
  });
});

it.each<[Loop['by'], number, string, string]>([
  ['hops', 0, 'as their header says', 'or a filter.'],
  ['silence', 5.4, 'about 5 ms after each send', 'in 10 s; if this is no loop, set loopDetection: false.'],
  ['silence', 0.2, 'about 1 ms after each send', 'in 10 s; if this is no loop, set loopDetection: false.'],
])('what is told of a loop by %s (%d ms) has the evidence and a remedy', (by, delayMs, evidence, remedy) => {
  const loop: Loop = {
    by,
    fingerprint: 'info "heard #"',
    level: 'info',
    shape: 'heard #',
    callSite: undefined,
    delayMs,
    suppressedForMs: 10_000,
  };
  expect(evidenceOf(loop)).toContain(evidence);
  expect(remedyForLoop(loop)).toMatch(/^Look for what logs because a record was sent: /);
  expect(remedyForLoop(loop).endsWith(remedy)).toBe(true);
});
