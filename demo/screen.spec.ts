import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Screen } from './screen.ts';

class Written {
  readonly isTTY: boolean;
  readonly columns: number;
  text = '';

  constructor(isTTY: boolean, columns = 40) {
    this.isTTY = isTTY;
    this.columns = columns;
  }

  write(text: string): void {
    this.text += text;
  }
}

const PLAIN = { NO_COLOR: '1' };

/** Counters over two and a half seconds. */
async function watched(out: Written, env: NodeJS.ProcessEnv = PLAIN): Promise<string> {
  let count = 0;
  const done = new Promise((resolve) => setTimeout(resolve, 2_500));
  const watching = new Screen(out, env).watch(() => `${++count} sends`, done);
  await vi.advanceTimersByTimeAsync(2_500);
  await watching;
  return out.text;
}

describe('Screen', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('rewrites one line in a terminal', async () => {
    const text = await watched(new Written(true));
    expect(text.split('\n')).toHaveLength(2);
    const states = text.trimEnd().split('\r').slice(1);
    expect(states.length).toBeGreaterThan(20);
    expect(states[0]).toBe('  1 sends'.padEnd(39));
  });

  it('prints a few plain lines elsewhere', async () => {
    expect(await watched(new Written(false), {})).toBe('  1 sends\n  2 sends\n  3 sends\n');
    expect(await watched(new Written(true), { TERM: 'dumb' })).toBe('  1 sends\n  2 sends\n  3 sends\n');
  });

  it('shows the last state when what it waits for fails, and passes the failure on', async () => {
    const out = new Written(false);
    const watching = new Screen(out, PLAIN).watch(() => 'at the end', Promise.reject(new Error('no broker')));
    await expect(watching).rejects.toThrow('no broker');
    expect(out.text).toBe('  at the end\n');
  });

  it('cuts what would wrap: a wrapped line cannot be rewritten', async () => {
    const out = new Written(true, 20);
    await new Screen(out, PLAIN).watch(() => '123 sends and 456 more', Promise.resolve());
    expect(out.text).toBe('\r  123 sends and ...\n');
  });

  it('wraps prose', () => {
    const out = new Written(false, 20);
    new Screen(out, PLAIN).say('One record becomes many thousands of sends');
    expect(out.text).toBe('One record becomes\nmany thousands of\nsends\n');
  });

  it.each([
    [true, {}, '\u001b[1mx\u001b[22m'],
    [true, { NO_COLOR: '' }, '\u001b[1mx\u001b[22m'],
    [true, { NO_COLOR: '1' }, 'x'],
    [true, { TERM: 'dumb' }, 'x'],
    [false, {}, 'x'],
  ])('has colour only where it is wanted: terminal %s, %j', (isTTY, env, expected) => {
    expect(new Screen(new Written(isTTY), env).paint('bold', 'x')).toBe(expected);
  });
});
