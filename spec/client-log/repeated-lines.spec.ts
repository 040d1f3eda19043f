import { describe, expect, it } from 'vitest';
import { RepeatedLines, withoutIds } from '../../lib/client-log/repeated-lines.ts';

function setUp() {
  const clock = { now: 1_000_000 };
  const printed: string[] = [];
  const lines = new RepeatedLines<string>(
    ({ line, repeated, leftOut, overMs }) => {
      printed.push(
        [line, repeated && `${repeated} times`, leftOut && `${leftOut} out`, overMs]
          .filter(Boolean)
          .join(', '),
      );
    },
    () => clock.now,
  );
  const addOthers = (count: number): void => {
    for (let index = 0; index < count; index++) lines.add(`other ${index}`, `other ${index}`);
  };
  return { clock, lines, addOthers, take: () => printed.splice(0) };
}

describe('a line that repeats', () => {
  it('is printed once, counted, and printed with its count after the window', () => {
    const { clock, lines, take } = setUp();
    for (let index = 0; index < 98; index++) {
      lines.add('a', `a${index}`);
      clock.now += 600;
    }
    expect(take()).toEqual(['a0']);
    clock.now = 1_000_000 + 60_000;
    lines.add('a', 'again');
    expect(take()).toEqual(['again, 97 times, 60000']);
    lines.add('a', 'again');
    expect(take()).toEqual([]);
    clock.now += 60_000;
    lines.add('a', 'still');
    expect(take()).toEqual(['still, 1 times, 60000']);
  });

  it('has no count when it came only once per window', () => {
    const { clock, lines, take } = setUp();
    lines.add('a', 'a');
    clock.now += 60_000;
    lines.add('a', 'a');
    expect(take()).toEqual(['a', 'a, 60000']);
  });

  it('does not fall silent when the clock is set back', () => {
    const { clock, lines, take } = setUp();
    lines.add('a', 'a');
    clock.now -= 3_600_000;
    lines.add('a', 'a');
    expect(take()).toEqual(['a', 'a']);
  });
});

describe('the memory of lines', () => {
  it('gives up the least recently used one and prints its count', () => {
    const { clock, lines, addOthers, take } = setUp();
    lines.add('first', 'first');
    clock.now += 55_000;
    lines.add('a', 'a');
    lines.add('b', 'the first b');
    lines.add('b', 'b');
    addOthers(97);
    lines.add('first', 'first');
    lines.add('a', 'a');
    // A hundred; one more comes with the next window.
    expect(take()).toHaveLength(100);
    clock.now += 5_000;
    lines.add('c', 'c');
    expect(take()).toEqual(['b, 1 times, 5000', 'c']);
    lines.add('a', 'a');
    expect(take()).toEqual([]);
  });

  it('lets a flood of ever new lines print a bounded number, and says how many it left out', () => {
    const { clock, lines, take } = setUp();
    for (let index = 0; index < 100_000; index++) lines.add(`k${index}`, `k${index}`);
    expect(take()).toHaveLength(100);
    clock.now += 60_000;
    lines.add('later', 'later');
    expect(take()).toEqual(['k99999, 99900 out, 60000', 'later']);
    for (let index = 0; index < 100; index++) lines.add(`n${index}`, `n${index}`);
    clock.now += 60_000;
    take();
    lines.add('much later', 'much later');
    expect(take()).toEqual(['n99, 1 out, 60000', 'much later']);
  });

  it('goes on counting known lines during a flood', () => {
    const { clock, lines, addOthers, take } = setUp();
    lines.add('a', 'a');
    addOthers(99);
    expect(take()).toHaveLength(100);
    lines.add('b', 'b');
    lines.add('a', 'a');
    clock.now += 60_000;
    lines.add('a', 'a');
    expect(take()).toEqual(['b, 1 out, 60000', 'a, 1 times, 60000']);
  });
});

it('a line added while one is printed is neither lost nor endless', () => {
  const printed: string[] = [];
  const lines: RepeatedLines<string> = new RepeatedLines(
    ({ line }) => {
      printed.push(line);
      lines.add(line, line);
      lines.add('other', 'other');
    },
    () => 0,
  );
  lines.add('a', 'a');
  expect(printed).toEqual(['a', 'other']);
});

describe('withoutIds', () => {
  it.each([
    ['Response took 123 ms', 'Response took 456 ms'],
    [
      'member shop-3e7ef3c2-8d1f-4a55-9d7c-0b8a2f3a1b11 left',
      'member shop-aaaaaaaa-8d1f-4a55-9d7c-0b8a2f3a1b12 left',
    ],
    ['session 0a1b2c3d expired', 'session ffee00112233 expired'],
    ['token id AbC9dEfGhIjKlMnOpQ', 'token id zzZ1yyyxxxwwwvvvuu'],
    ['at 2026-11-23T09:00:00.000Z', 'at 2026-11-23T09:01:00.000Z'],
    ['after 1.5 s', 'after 12 s'],
  ])('takes %j and %j for the same', (one, other) => {
    expect(withoutIds(one)).toBe(withoutIds(other));
  });

  it.each([
    ['connect ECONNREFUSED 127.0.0.1:9092', 'connect ECONNREFUSED 127.0.0.1:9093'],
    ['connect ECONNREFUSED 10.0.0.1:9092', 'connect ECONNREFUSED 10.0.0.2:9092'],
    ['broker kafka-1:9092 is down', 'broker kafka-2:9092 is down'],
    ['broker [::1]:9092 is down', 'broker [::2]:9092 is down'],
    ['Connection timeout', 'Connection error'],
  ])('tells %j from %j', (one, other) => {
    expect(withoutIds(one)).not.toBe(withoutIds(other));
  });

  it('takes no more than a moment for a text made to be slow', () => {
    const started = performance.now();
    for (const part of ['a', 'a.', 'a-', '[:', '0', 'a1_']) withoutIds(part.repeat(1_000).slice(0, 1_000));
    expect(performance.now() - started).toBeLessThan(500);
  });
});
