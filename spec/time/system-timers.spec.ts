import { readdirSync, readFileSync } from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { mock } from 'node:test';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../lib/time/clock.ts';
import * as real from '../../lib/time/system-timers.ts';

// In CommonJS it fakes what `node:timers` exports, too.
const sinon = createRequire(import.meta.url)('sinon');
const NOW = Date.parse('2030-01-01T00:00:00Z');
const FAKES: Record<string, () => () => void> = {
  'sinon, everything': () => {
    const clock = sinon.useFakeTimers({ now: NOW });
    return () => {
      // Node gives a message of the parent process to its listeners by `process.nextTick` (lib/internal/child_process.js,
      // `handleMessage`). One that has come meanwhile is vitest's, which would wait for it for ever.
      clock.runMicrotasks();
      clock.restore();
    };
  },
  'node:test': () => {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'], now: NOW });
    return () => mock.timers.reset();
  },
  vitest: () => {
    vi.useFakeTimers({ now: NOW });
    return () => void vi.useRealTimers();
  },
  'an application that corrects its clock': () => {
    const { now } = Date;
    Date.now = () => now() + 3_600_000;
    return () => {
      Date.now = now;
    };
  },
};

/** The module as it is when it is loaded now. */
async function loadedUnder(fake: () => () => void): Promise<typeof real> {
  vi.resetModules();
  // vitest loads it by way of timers, too.
  await import('../../lib/time/system-timers.ts');
  const restore = fake();
  syncBuiltinESMExports();
  vi.resetModules();
  let isRestored = false;
  const restoreOnce = (): void => {
    if (!isRestored) restore();
    isRestored = true;
    syncBuiltinESMExports();
  };
  onTestFinished(restoreOnce);
  return await import('../../lib/time/system-timers.ts');
}

describe.each(Object.entries(FAKES))('loaded under fakes: %s', (name, fake) => {
  it('calls later, no sooner than after the delay, and not what was stopped', async () => {
    const { systemTimers } = await loadedUnder(fake);
    const called = new Map<string, number>();
    const since = real.monotonicTime();
    await new Promise<void>((resolve) => {
      const note = (what: string) => (): void => {
        called.set(what, real.monotonicTime() - since);
        if (called.size === 5) resolve();
      };
      const stopped = systemTimers.start(5, note('stopped'), true);
      for (const ms of [30, 20, 1, 0]) systemTimers.start(ms, note(`${ms}`), ms !== 20);
      systemTimers.soon(note('soon'));
      systemTimers.stop(stopped);
      expect(called.size).toBe(0);
    });
    expect([...called.keys()].toSorted()).toEqual(['0', '1', '20', '30', 'soon']);
    for (const ms of [20, 30]) expect(called.get(`${ms}`)).toBeGreaterThanOrEqual(ms - 1);
  });

  it('has times that go on, but for the application, whose own it is', async () => {
    const { monotonicTime, systemTime, applicationTime, soonest, systemTimers } = await loadedUnder(fake);
    const [before, realBefore] = [monotonicTime(), real.systemTime()];
    await new Promise<void>((resolve) => systemTimers.start(5, resolve, true));
    expect(monotonicTime() - before).toBeGreaterThanOrEqual(4);
    expect(systemTime()).toBeGreaterThanOrEqual(realBefore);
    expect(systemTime() - real.systemTime()).toBeLessThan(1_000);
    const [least, seen, most] = [Date.now(), applicationTime(), Date.now()];
    expect(seen).toBeGreaterThanOrEqual(least);
    expect(seen).toBeLessThanOrEqual(most);
    if (!name.startsWith('an app')) expect(seen).toBe(NOW);
    await new Promise<void>((resolve) => soonest(resolve));
  });
});

it('of what is faked nothing is used in lib', () => {
  const lib = new URL('../../lib/', import.meta.url);
  const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const uses = files.flatMap((file) => {
    const code = readFileSync(new URL(file, lib), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
    return [...code.matchAll(/process\.(?:nextTick|hrtime)|Date\.now|new Date\(\)|node:timers/g)].map(
      ([use]) => `${file}: ${use}`,
    );
  });
  expect(new Set(uses)).toEqual(
    new Set([
      'time/system-timers.ts: node:timers',
      'time/system-timers.ts: Date.now',
      // In a thread of its own, where no test fakes anything.
      'worker-thread/forwarded-stdio.ts: process.nextTick',
    ]),
  );
});

it('ended the process where Jest had deleted the Date of fake timers at the end of a file', () => {
  const { now } = Date;
  onTestFinished(() => {
    Date.now = now;
  });
  const before = now();
  Reflect.deleteProperty(Date, 'now');
  expect(systemClock.wall()).toBeGreaterThanOrEqual(before);
});
