// A fallback that writes asynchronously, as winston's File does: the process does not end before, where there is time.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runChild } from '../../support/child-process.ts';
import { numbered } from '../../support/harness.ts';

const PROGRAM = new URL('fixtures/fallback-program.ts', import.meta.url);
const NOBODY = '127.0.0.1:1';
// More than a stream takes at once.
const COUNT = 2_000;

const directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-fallback-'));
let files = 0;

afterAll(() => rmSync(directory, { recursive: true }));

async function run(end: string, fallback: string) {
  const file = join(directory, `undelivered-${files++}.log`);
  writeFileSync(file, '');
  const env = {
    FILE: file,
    END: end,
    FALLBACK: fallback,
    COUNT: String(COUNT),
    BROKER: NOBODY,
  };
  const { code, signal, stderr } = await runChild(PROGRAM, { env });
  return { code, signal, stderr, lines: readFileSync(file, 'utf8').split('\n').slice(0, -1) };
}

describe.each(["winston's File", 'an async function'])('with %s as fallback', (fallback) => {
  it.concurrent.each([
    ['SIGTERM', { code: null, signal: 'SIGTERM' }],
    ['SIGTERM later', { code: null, signal: 'SIGTERM' }],
    ['close() and process.exit()', { code: 0, signal: null }],
    ['logger.end()', { code: 0, signal: null }],
    ['the event loop runs dry', { code: 0, signal: null }],
  ])('the fallback has written all: %s', async (end, ended) => {
    const { lines, ...result } = await run(end, fallback);
    expect(result).toMatchObject(ended);
    // Calls of a function may end in any order.
    expect(fallback.startsWith('winston') ? lines : [...lines].sort(byNumber)).toEqual(numbered(COUNT));
  });

  it('the fallback has written all, and the exception: an uncaught exception', async () => {
    const { code, lines } = await run('an uncaught exception', fallback);
    expect(code).toBe(1);
    expect(new Set(lines)).toEqual(new Set([...numbered(COUNT), 'uncaughtException: boom']));
  });
});

const byNumber = (a: string, b: string): number => Number(a.split(' ')[1]) - Number(b.split(' ')[1]);

it('says at process.exit() that what is not written is lost', async () => {
  const { code, stderr } = await run('process.exit()', "winston's File");
  expect(code).toBe(0);
  expect(stderr).toContain(`got ${COUNT} records`);
  expect(stderr).toContain(
    'The fallback has got them; what it has not written when the process ends is lost.',
  );
});
