import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  guardSync,
  guardSyncInScope,
  guardSyncUnreported,
  isGuarded,
  isUnreported,
  outsideGuard,
  runGuarded,
} from '../../lib/loop-safety/guard.ts';
import { systemTimers } from '../../lib/time/system-timers.ts';
import { isThenable } from '../../lib/util/thenable.ts';

describe('isGuarded', () => {
  it('is false for anybody outside', () => {
    expect(isGuarded()).toBe(false);
  });
});

describe('runGuarded', () => {
  it('returns what the function returns, and ends with it', () => {
    const value = {};
    expect(runGuarded(() => (isGuarded() ? value : undefined))).toBe(value);
    expect(isGuarded()).toBe(false);
  });

  it('throws what the function throws, and ends with it', () => {
    let later: (() => boolean) | undefined;
    expect(() =>
      runGuarded(() => {
        later = AsyncLocalStorage.bind(isGuarded);
        throw new RangeError('no');
      }),
    ).toThrow(RangeError);
    expect(isGuarded()).toBe(false);
    expect(later?.()).toBe(false);
  });

  it('returns the very promise, and covers what is awaited until it resolves', async () => {
    const seen: boolean[] = [];
    let given: Promise<string> | undefined;
    const promise = runGuarded(() => {
      given = (async () => {
        seen.push(isGuarded());
        await null;
        seen.push(isGuarded());
        await turn();
        seen.push(isGuarded());
        return 'done';
      })();
      return given;
    });
    expect(promise).toBe(given);
    expect(isGuarded()).toBe(false);
    await expect(promise).resolves.toBe('done');
    expect(seen).toEqual([true, true, true]);
    expect(isGuarded()).toBe(false);
  });

  it('ends with a promise that is rejected, and leaves the rejection to its caller', async () => {
    let leftBehind: (() => boolean) | undefined;
    const promise = runGuarded(async () => {
      await turn();
      leftBehind = AsyncLocalStorage.bind(isGuarded);
      throw new RangeError('no');
    });
    await expect(promise).rejects.toThrow(RangeError);
    expect(leftBehind?.()).toBe(false);
  });

  it('does not silence what it leaves behind', async () => {
    let left: Promise<boolean[]> | undefined;
    let settle = (): void => undefined;
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    await runGuarded(async () => {
      left = (async () => {
        const before = isGuarded();
        await settled;
        return [before, isGuarded()];
      })();
      await null;
    });
    settle();
    expect(await left).toEqual([true, false]);
  });

  it('nests: the end of an inner one is not the end of the outer one', async () => {
    const seen: boolean[] = [];
    await runGuarded(async () => {
      await runGuarded(async () => {
        await null;
        seen.push(isGuarded());
      });
      seen.push(isGuarded());
      runGuarded(() => seen.push(isGuarded()));
      seen.push(isGuarded());
      expect(() =>
        runGuarded(() => {
          throw new Error('no');
        }),
      ).toThrow();
      seen.push(isGuarded());
    });
    expect(seen).toEqual([true, true, true, true, true]);
    expect(isGuarded()).toBe(false);
  });

  it('keeps parallel calls, and those who only run at the same time, apart', async () => {
    const seen: Record<string, boolean[]> = { quick: [], slow: [], outside: [] };
    const step = async (name: string, turns: number): Promise<void> => {
      for (let left = turns; left > 0; left--) {
        await turn();
        seen[name]?.push(isGuarded());
      }
    };
    await Promise.all([
      runGuarded(() => step('quick', 2)),
      step('outside', 4),
      runGuarded(() => step('slow', 4)),
    ]);
    expect(seen).toEqual({
      quick: [true, true],
      slow: [true, true, true, true],
      outside: [false, false, false, false],
    });
  });

  it('does not run twice what starts when it is awaited, such as the query of a query builder', async () => {
    const seen: boolean[] = [];
    const query = {
      // biome-ignore lint/suspicious/noThenProperty: that is what such a builder has
      then(resolve: (value: string) => void): void {
        seen.push(isGuarded());
        resolve('rows');
      },
    };
    const result: unknown = runGuarded(() => query as unknown);
    expect(await result).toBe('rows');
    expect(seen).toEqual([true]);
    expect(isGuarded()).toBe(false);
  });

  it('ends with an object whose then cannot be read', () => {
    let bound: (() => boolean) | undefined;
    const odd = runGuarded(() => {
      bound = AsyncLocalStorage.bind(isGuarded);
      return Object.defineProperty({}, 'then', {
        get() {
          throw new Error('no');
        },
      });
    });
    expect(odd).toBeTypeOf('object');
    expect(bound?.()).toBe(false);
  });
});

describe('guardSync', () => {
  it('passes arguments and result on, nests, and ends also when the function throws', () => {
    expect(
      guardSync((a: number, b: number) => [a + b, isGuarded(), guardSync(isGuarded), isGuarded()], 1, 2),
    ).toEqual([3, true, true, true]);
    expect(() =>
      guardSync(() => {
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(isGuarded()).toBe(false);
  });

  it('leaves the asynchronous scope: what the function starts is not silenced', async () => {
    await runGuarded(async () => {
      let later: Promise<boolean> | undefined;
      const during = guardSync(() => {
        later = turn().then(isGuarded);
        return isGuarded();
      });
      expect(during).toBe(true);
      expect(await later).toBe(false);
      expect(isGuarded()).toBe(true);
    });
  });

  it('covers nothing after an await', async () => {
    const after = await guardSync(async () => {
      await null;
      return isGuarded();
    });
    expect(after).toBe(false);
  });
});

describe('guardSyncInScope', () => {
  it('stays in the asynchronous scope, and needs none', async () => {
    expect(guardSyncInScope(isGuarded)).toBe(true);
    expect(await guardSyncInScope(() => turn().then(isGuarded))).toBe(false);
    await runGuarded(async () => {
      expect(await guardSyncInScope(() => turn().then(isGuarded))).toBe(true);
    });
    expect(isGuarded()).toBe(false);
  });
});

describe('outsideGuard', () => {
  it('is outside of the synchronous half until the function is over, also when it throws', () => {
    expect(guardSync(() => [outsideGuard(isGuarded), isGuarded()])).toEqual([false, true]);
    guardSync(() => {
      const failing = (): void =>
        outsideGuard(() => {
          throw new RangeError('no');
        });
      expect(failing).toThrow(RangeError);
      expect(isGuarded()).toBe(true);
    });
    expect(isGuarded()).toBe(false);
  });

  it('is outside of the asynchronous half, and so is what the function starts', async () => {
    await runGuarded(async () => {
      expect(outsideGuard(isGuarded)).toBe(false);
      expect(await outsideGuard(() => turn().then(isGuarded))).toBe(false);
      expect(isGuarded()).toBe(true);
    });
  });
});

describe('guardSyncUnreported', () => {
  it('runs under the flag, and is known as long as it runs, also when the function throws', () => {
    const seen: boolean[][] = [];
    const see = (): void => void seen.push([isGuarded(), isUnreported()]);
    see();
    guardSync(see);
    guardSyncUnreported(() => {
      guardSyncUnreported(see);
      see();
    });
    expect(() =>
      guardSyncUnreported(() => {
        throw new RangeError('no');
      }),
    ).toThrow(RangeError);
    see();
    expect(seen).toEqual([
      [false, false],
      [true, false],
      [true, true],
      [true, true],
      [false, false],
    ]);
  });
});

describe('the flag', () => {
  it('creates no AsyncLocalStorage before the asynchronous half is asked for', async () => {
    const key = Symbol.for('winston-kafkajs.guard.3');
    const registry = globalThis as { [key]?: { depth: number; store: unknown } };
    const before = registry[key];
    onTestFinished(() => {
      if (before !== undefined) registry[key] = before;
    });
    Reflect.deleteProperty(registry, key);
    vi.resetModules();
    const copy = await import('../../lib/loop-safety/guard.ts');
    expect(copy.isGuarded()).toBe(false);
    expect(copy.guardSync(copy.isGuarded)).toBe(true);
    expect(copy.guardSyncInScope(copy.isGuarded)).toBe(true);
    expect(registry[key]).toEqual({ depth: 0, unreported: 0, store: undefined });
    copy.runGuarded(() => undefined);
    expect(registry[key]?.store).toBeInstanceOf(AsyncLocalStorage);
  });
});

describe('the flag under Jest, which deletes the properties of what is global when a test file has ended', () => {
  it.each(['a copy of this version', 'an older copy'])('is kept, made by %s', async (by) => {
    const key = Symbol.for('winston-kafkajs.guard.3');
    const registry = globalThis as { [key]?: object };
    const before = registry[key];
    onTestFinished(() => {
      if (before !== undefined) registry[key] = before;
    });
    Reflect.deleteProperty(registry, key);
    if (by === 'an older copy') registry[key] = { depth: 0, unreported: 0, store: undefined };
    vi.resetModules();
    const copy = await import('../../lib/loop-safety/guard.ts');
    const state = registry[key] ?? {};
    // jest-util, `deleteProperty`: in both of its ways.
    for (const name of Reflect.ownKeys(state)) {
      expect(Object.getOwnPropertyDescriptor(state, name)).toMatchObject({ configurable: false });
      expect(Reflect.deleteProperty(state, name)).toBe(false);
    }
    Reflect.deleteProperty(registry, key);
    expect(copy.guardSync(copy.isGuarded)).toBe(true);
    expect(copy.isGuarded()).toBe(false);
    expect(await copy.runGuarded(async () => copy.isGuarded())).toBe(true);
  });
});

describe('isThenable', () => {
  // biome-ignore lint/suspicious/noThenProperty: it is what this is about
  const thenable = { then: () => undefined };
  it.each([
    [Promise.resolve(), true],
    [thenable, true],
    [Object.assign(() => undefined, thenable), true],
    // biome-ignore lint/suspicious/noThenProperty: it is what this is about
    [{ then: 1 }, false],
    [{}, false],
    [null, false],
    [undefined, false],
    ['then', false],
  ])('%o: %s', (value, expected) => {
    expect(isThenable(value)).toBe(expected);
  });
});

describe('where a script is ended in the middle', () => {
  const spin = (): void => {
    for (;;);
  };
  // Long enough for the scope to begin on a busy machine, too.
  const endedIn = (run: () => unknown): unknown => runInNewContext('run()', { run }, { timeout: 500 });

  it('ends with the turn of the event loop: by the time limit of vm', async () => {
    expect(() => endedIn(() => guardSync(spin))).toThrow('timed out');
    expect(isGuarded()).toBe(true);
    await turn();
    expect(isGuarded()).toBe(false);
    // And what comes after it begins and ends as ever.
    expect(guardSync(isGuarded)).toBe(true);
    expect(isGuarded()).toBe(false);
  });

  it('ends with that turn also for those who are told of suppressed records', async () => {
    expect(() => endedIn(() => guardSyncUnreported(spin))).toThrow('timed out');
    expect([isGuarded(), isUnreported()]).toEqual([true, true]);
    await turn();
    expect([isGuarded(), isUnreported()]).toEqual([false, false]);
  });
});

describe('the end of the turn', () => {
  it('is waited for once, however often somebody asks', async () => {
    await turn();
    const soon = vi.spyOn(systemTimers, 'soon');
    onTestFinished(() => soon.mockRestore());
    guardSync(() => [isGuarded(), isGuarded(), guardSync(isGuarded)]);
    expect(soon).toHaveBeenCalledTimes(1);
    await turn();
    guardSync(isGuarded);
    expect(soon).toHaveBeenCalledTimes(2);
    await turn();
  });

  it('may come in the middle of a call, where that runs the event loop: the next one is guarded all the same', async () => {
    await turn();
    const soon = vi.spyOn(systemTimers, 'soon').mockImplementation((end) => end());
    onTestFinished(() => soon.mockRestore());
    guardSync(() => expect(isGuarded()).toBe(true));
    guardSyncUnreported(() => expect(isGuarded()).toBe(true));
    soon.mockRestore();
    expect(guardSync(isGuarded)).toBe(true);
    guardSyncUnreported(() => expect(isUnreported()).toBe(true));
    await turn();
    expect([isGuarded(), isUnreported()]).toEqual([false, false]);
  });
});
