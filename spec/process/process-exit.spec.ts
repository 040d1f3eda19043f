// The steps one by one, which the programs of `natural-exit.spec.ts` take as a whole.
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { isOver, ProcessExit } from '../../lib/process/process-exit.ts';
import { gate } from '../winston/fixtures/gate.ts';

function unfinished(unsettled: number) {
  const flushed = gate();
  const books = {
    unsettled,
    everAccepted: unsettled,
    addLastRecords: vi.fn(),
    flush: vi.fn(() => flushed.opened),
    flushUnlessDown: vi.fn(() => flushed.opened),
    disconnect: vi.fn(async () => undefined),
    giveUp: vi.fn(),
    giveUpBeforeExit: vi.fn(async () => undefined),
    drainOnExit: vi.fn(),
    emitDeferredWarnings: vi.fn(),
  };
  return { books, flushed };
}

const listeners = (): number[] => ['beforeExit', 'exit'].map((event) => process.listenerCount(event));

describe('a process that is about to end', () => {
  it('is left alone when nothing is left', () => {
    const { books } = unfinished(0);
    new ProcessExit(books, 10).beforeExit();
    expect(books.flush).not.toHaveBeenCalled();
    expect(books.giveUp).not.toHaveBeenCalled();
  });

  it('tells what there is to tell before it looks at what is left', () => {
    const { books } = unfinished(0);
    books.addLastRecords.mockImplementation(() => {
      books.unsettled = 1;
      books.everAccepted = 1;
    });
    new ProcessExit(books, 10).beforeExit();
    expect(books.flush).toHaveBeenCalledTimes(1);
  });

  it('is put off by a flush, and released when that is over', async () => {
    const { books, flushed } = unfinished(3);
    new ProcessExit(books, 1_234).beforeExit();
    expect(books.flush).toHaveBeenCalledExactlyOnceWith(1_234, true);
    expect(books.disconnect).not.toHaveBeenCalled();
    flushed.open();
    await flushed.opened;
    await Promise.resolve();
    expect(books.disconnect).toHaveBeenCalledTimes(1);
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

  it('may be put off as often again, once nothing was left', () => {
    const { books } = unfinished(0);
    const end = new ProcessExit(books, 10);
    for (let at = 0; at < 12; at++) {
      books.everAccepted++;
      books.unsettled = at % 4;
      end.beforeExit();
    }
    expect(books.flush).toHaveBeenCalledTimes(9);
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
      expect(books.drainOnExit).toHaveBeenCalledExactlyOnceWith(10);
      // A listener that calls process.exit() then has the others cut off.
      for (const other of ends)
        expect(books.emitDeferredWarnings).toHaveBeenCalledAfter(other.books.drainOnExit);
    }
    const last = ends.pop()?.end;
    for (const { end } of ends) end.forget();
    expect(listeners()).toEqual(before.map((count) => count + 1));
    last?.forget();
    expect(listeners()).toEqual(before);
  });
});

it('is over once the exit event has been heard, and not before: what an earlier listener logs is seen to', () => {
  const end = new ProcessExit(unfinished(0).books, 10);
  end.watch();
  onTestFinished(() => {
    Object.assign(process, { _exiting: false });
    end.forget();
  });
  Object.assign(process, { _exiting: true });
  expect(isOver()).toBe(false);
  (process.listeners('exit').at(-1) as () => void)();
  expect(isOver()).toBe(true);
});

it('listens for signals while it watches', () => {
  const before = process.listenerCount('SIGUSR2');
  const end = new ProcessExit(unfinished(0).books, 10, ['SIGUSR2']);
  end.watch();
  expect(process.listenerCount('SIGUSR2')).toBe(before + 1);
  end.forget();
  expect(process.listenerCount('SIGUSR2')).toBe(before);
});

describe('a signal', () => {
  it.each([
    [4_000, 4_000],
    [60_000, 5_000],
  ])('puts the end off for closeTimeoutMs, of %i ms %i', (timeoutMs, expected) => {
    expect(new ProcessExit(unfinished(1).books, timeoutMs).signalTimeoutMs).toBe(expected);
  });

  it('leaves no time at the end, and what there is to warn of comes last', () => {
    const { books } = unfinished(1);
    new ProcessExit(books, 10).exitForSignal();
    expect(books.drainOnExit).toHaveBeenCalledExactlyOnceWith(0);
    expect(books.emitDeferredWarnings).toHaveBeenCalledAfter(books.drainOnExit);
  });

  it('is over when the fallback has written', async () => {
    const { books, flushed } = unfinished(1);
    const written = gate();
    books.giveUpBeforeExit.mockReturnValue(written.opened as Promise<undefined>);
    const steps: string[] = [];
    const end = new ProcessExit(books, 10);
    const signalled = end.flushForSignal(10).then(async () => {
      steps.push('flushed');
      await end.giveUpForSignal();
      steps.push('written');
    });
    await new Promise(setImmediate);
    expect(steps).toEqual([]);
    flushed.open();
    await new Promise(setImmediate);
    expect(steps).toEqual(['flushed']);
    written.open();
    await signalled;
  });
});

describe('what one has given up, and another has got as its fallback', () => {
  it('is flushed before that one gives it up on a signal', async () => {
    const { books, flushed } = unfinished(1);
    flushed.open();
    const end = new ProcessExit(books, 10);
    await end.flushForSignal(10);
    await end.giveUpForSignal();
    expect(books.flushUnlessDown.mock.calls).toEqual([[10]]);
    await end.flushForSignal(10);
    books.everAccepted++;
    const sent = gate();
    books.flushUnlessDown.mockReturnValueOnce(sent.opened);
    const isOver = end.giveUpForSignal();
    await new Promise(setImmediate);
    expect(books.giveUpBeforeExit).toHaveBeenCalledTimes(1);
    sent.open();
    await isOver;
    expect(books.flushUnlessDown.mock.calls).toEqual([[10], [10], [1_000]]);
    expect(books.giveUpBeforeExit).toHaveBeenCalledTimes(2);
  });

  it.each(['before', 'after'])(
    'is flushed at the end of the process, where it was told of that %s',
    (order) => {
      const [giver, getter] = [unfinished(1).books, unfinished(0).books];
      giver.giveUp.mockImplementation(() => {
        giver.unsettled = 0;
        getter.unsettled = 1;
        getter.everAccepted++;
      });
      const both = [giver, getter].map((books) => new ProcessExit(books, 10));
      for (const end of order === 'before' ? both : both.toReversed()) end.watch();
      const beforeExit = process.listeners('beforeExit').at(-1) as () => void;
      for (let times = 0; times < 2; times++) beforeExit();
      expect([giver.flush, giver.giveUp, getter.flush].map(({ mock }) => mock.calls.length)).toEqual([
        1, 1, 1,
      ]);
      expect(getter.giveUp).not.toHaveBeenCalled();
      for (const end of both) end.forget();
    },
  );

  it('but what is logged of that end puts the end off no more: an outage would be waited for again and again', () => {
    const { books } = unfinished(1);
    books.giveUp.mockImplementation(() => {
      books.everAccepted++;
    });
    const end = new ProcessExit(books, 10);
    end.watch();
    const beforeExit = process.listeners('beforeExit').at(-1) as () => void;
    for (let times = 0; times < 2; times++) beforeExit();
    expect([books.flush, books.giveUp].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
    end.forget();
  });

  it('is given up at process.exit(), and not left without a word', () => {
    const [getter, giver] = [unfinished(0).books, unfinished(1).books];
    giver.drainOnExit.mockImplementation(() => {
      getter.everAccepted = 1;
    });
    const both = [getter, giver].map((books) => new ProcessExit(books, 10));
    for (const end of both) end.watch();
    (process.listeners('exit').at(-1) as () => void)();
    expect([getter, giver].map(({ drainOnExit }) => drainOnExit.mock.calls.length)).toEqual([2, 1]);
    for (const end of both) end.forget();
  });
});
