import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StderrLines } from '../../lib/client-log/stderr.ts';
import { type Children, compileFixtures, exitCode, textFrom } from './child.ts';

function failing(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** A stderr whose writes do, one after the other, what `script` says, and then succeed. */
function scripted(...script: (Error | number)[]): {
  lines: StderrLines;
  written: () => string;
  tries: () => number;
} {
  let text = '';
  let tries = 0;
  const lines = new StderrLines((fd, chunk, offset) => {
    expect(fd).toBe(2);
    tries++;
    const step = script.shift();
    if (step instanceof Error) throw step;
    const part = chunk.subarray(offset, step === undefined ? undefined : offset + step);
    text += Buffer.from(part).toString();
    return part.length;
  });
  return { lines, written: () => text, tries: () => tries };
}

describe('stderr lines', () => {
  it('are tried a few times while stderr is full', () => {
    const { lines, written, tries } = scripted(failing('EAGAIN'), failing('EAGAIN'));
    lines.print('a');
    expect(written()).toBe('a\n');
    expect(tries()).toBe(3);
    lines.print('b');
    expect(written()).toBe('a\nb\n');
  });

  it('that did not fit are counted and reported by the next one that does', () => {
    const full = Array.from({ length: 6 }, () => failing('EAGAIN'));
    const { lines, written } = scripted(...full);
    lines.print('a');
    lines.print('b');
    expect(written()).toBe('');
    lines.print('c');
    lines.print('d');
    expect(written()).toBe('c (2 lines before this one lost: stderr took no more)\nd\n');
  });

  it.each(['EPIPE', 'EBADF', 'EIO'])('are given up at once after %s', (code) => {
    const { lines, tries, written } = scripted(failing(code));
    lines.print('a');
    expect(tries()).toBe(1);
    lines.print('b');
    expect(written()).toBe('b (1 line before this one lost: stderr took no more)\n');
  });

  it('are completed after a partial write', () => {
    const { lines, written } = scripted(2);
    lines.print('abcdef');
    expect(written()).toBe('abcdef\n');
  });

  it('do not go on in the middle of one that was cut off', () => {
    const { lines, written } = scripted(2, failing('EPIPE'));
    lines.print('abcdef');
    lines.print('next');
    expect(written()).toMatch(/^ab\nnext \(1 line before/);
  });
});

describe('a process with consoleLine', () => {
  let children: Children;
  beforeAll(async () => {
    children = await compileFixtures();
  });
  afterAll(() => children.remove());

  it('reaches stderr, and no capture of console, stdout or stderr that was there before', async () => {
    const child = children.start('captured');
    const [stdout, stderr] = await Promise.all([textFrom(child.stdout), textFrom(child.stderr)]);
    expect(JSON.parse(stdout)).toEqual([]);
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(/^\S+Z ERROR \[kafkajs\/Connection\] no broker$/),
      expect.stringMatching(/^\S+Z WARN winston-kafkajs: broker unreachable$/),
      '',
    ]);
  });

  it('survives a stderr that was closed', async () => {
    const child = children.start('broken-stderr', 'closed');
    expect(await textFrom(child.stdout)).toBe('survived');
    expect(await exitCode(child)).toBe(0);
  });

  it('survives a stderr whose reader has gone', async () => {
    const child = children.start('broken-stderr', 'unread');
    child.stderr.destroy();
    await once(child.stderr, 'close');
    child.stdin.write('go');
    expect(await textFrom(child.stdout)).toBe('survived');
    expect(await exitCode(child)).toBe(0);
  });

  it('is not held up by a stderr that is full, and says how many lines were lost', async () => {
    const child = children.start('full-stderr');
    expect(String((await once(child.stdout, 'data'))[0])).toBe('full');
    const stdout = textFrom(child.stdout);
    child.stdin.on('error', () => {}); // told once more than it listens
    let text = '';
    child.stderr.setEncoding('utf8');
    for await (const chunk of child.stderr) {
      text += String(chunk);
      if (text.includes('room again')) child.stdin.end();
      else child.stdin.write('room');
    }

    const lines = text.trimEnd().split('\n');
    const lost = lines.map((line) => Number(/ \((\d+) lines? before this one/.exec(line)?.[1] ?? 0));
    for (const line of lines) expect(line).toMatch(/^\S+Z ERROR \d+ (x+|room again)( \(.*\))?$/);
    // The first that fits says so.
    expect(lost[lines.findIndex((line) => line.includes('room again'))]).toBeGreaterThan(0);
    expect(lines.length + lost.reduce((sum, count) => sum + count)).toBe(Number(await stdout));
  });
});
