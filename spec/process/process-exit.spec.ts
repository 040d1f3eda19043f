// The steps one by one, which the programs of `natural-exit.spec.ts` take as a whole.
import { describe, expect, it, vi } from 'vitest';
import { ProcessExit } from '../../lib/process/process-exit.ts';
import { gate } from '../winston/fixtures/gate.ts';

function unfinished(held: number) {
  const flushed = gate();
  const books = {
    held,
    everAccepted: held,
    tellLast: vi.fn(),
    flush: vi.fn(() => flushed.opened),
    flushUnlessDown: vi.fn(() => flushed.opened),
    release: vi.fn(async () => undefined),
    giveUp: vi.fn(),
    exitSoon: vi.fn(async () => undefined),
    exit: vi.fn(),
    warnHeld: vi.fn(),
  };
  return { books, flushed };
}

const listeners = (): number[] => ['beforeExit', 'exit'].map((event) => process.listenerCount(event));

describe('a process that is about to end', () => {
  it('is left alone when nothing is held', () => {
    const { books } = unfinished(0);
    new ProcessExit(books, 10).beforeExit();
    expect(books.flush).not.toHaveBeenCalled();
    expect(books.giveUp).not.toHaveBeenCalled();
  });

  it('tells what there is to tell before it looks at what is held', () => {
    const { books } = unfinished(0);
    books.tellLast.mockImplementation(() => {
      books.held = 1;
      books.everAccepted = 1;
    });
    new ProcessExit(books, 10).beforeExit();
    expect(books.flush).toHaveBeenCalledTimes(1);
  });

  it('is put off by a flush, and released when that is over', async () => {
    const { books, flushed } = unfinished(3);
    new ProcessExit(books, 1_234).beforeExit();
    expect(books.flush).toHaveBeenCalledExactlyOnceWith(1_234, true);
    expect(books.release).not.toHaveBeenCalled();
    flushed.open();
    await flushed.opened;
    await Promise.resolve();
    expect(books.release).toHaveBeenCalledTimes(1);
    expect(books.giveUp).not.toHaveBeenCalled();
  });

  it('is not put off a second time, unless something new has come', () => {
    const { books } = unfinished(3);
    const end = new ProcessExit(books, 10);
    end.beforeExit();
    books.everAccepted++;
    end.beforeExit();
    expect(books.flush).toHaveBeenCalledTimes(2);
    expect(books.giveUp).not.toHaveBeenCalled();
    end.beforeExit();
    expect(books.flush).toHaveBeenCalledTimes(2);
    expect(books.giveUp).toHaveBeenCalledTimes(1);
  });

  it('is not put off for ever by an application that logs whenever it is about to end', () => {
    const { books } = unfinished(3);
    const end = new ProcessExit(books, 10);
    for (let at = 0; at < 10; at++) {
      books.everAccepted++;
      end.beforeExit();
    }
    expect(books.flush).toHaveBeenCalledTimes(3);
    expect(books.giveUp).toHaveBeenCalledTimes(7);
  });

  it('may be put off as often again, once nothing was held', () => {
    const { books } = unfinished(0);
    const end = new ProcessExit(books, 10);
    for (let at = 0; at < 10; at++) {
      books.everAccepted++;
      books.held = at % 2;
      end.beforeExit();
    }
    expect(books.flush).toHaveBeenCalledTimes(5);
    expect(books.giveUp).not.toHaveBeenCalled();
  });

  it('has one listener for all that watch, and none when nobody does', () => {
    const before = listeners();
    const ends = [1, 2, 3]
      .map(() => unfinished(1))
      .map(({ books }) => ({ books, end: new ProcessExit(books, 10) }));
    for (const { end } of ends) end.watch();
    for (const { end } of ends) end.watch();
    expect(listeners()).toEqual(before.map((count) => count + 1));
    // The one that was added last, called by hand: vitest has others.
    for (const event of ['beforeExit', 'exit'] as const)
      (process.listeners(event as 'exit').at(-1) as () => void)();
    for (const { books } of ends) {
      expect(books.flush).toHaveBeenCalledTimes(1);
      expect(books.exit).toHaveBeenCalledExactlyOnceWith(10);
    }
    for (const { end } of ends) end.forget();
    expect(listeners()).toEqual(before);
  });
});
