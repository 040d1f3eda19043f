import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished, vi } from 'vitest';
import { stderrLines } from '../../../../lib/client-log/stderr.ts';
import { expectEnded, onStored, type Scene, scene } from './rig.ts';

const isHeard = (message: string): boolean => message.startsWith('heard');

/** What each kind of loop does with a record that the broker has stored, until it is logged again. */
const DETOURS: Record<string, (hear: () => void) => Promise<() => void>> = {
  'a second process': async (hear) => {
    const child = fork(fileURLToPath(new URL('fixtures/echo.mjs', import.meta.url)));
    onTestFinished(() => void child.kill());
    await once(child, 'message');
    child.on('message', hear);
    return () => child.send('a record');
  },
  'an EventEmitter and a queue with a delay': async (hear) => {
    const queue = new EventEmitter().on('record', () => setTimeout(hear, 30));
    return () => queue.emit('record');
  },
  'a file that is tailed': async (hear) => {
    const directory = await mkdtemp(join(tmpdir(), 'tail-'));
    const file = join(directory, 'records.log');
    await writeFile(file, '');
    let read = 0;
    const timer = setInterval(async () => {
      const lines = (await readFile(file, 'utf8')).split('\n').slice(read, -1);
      read += lines.length;
      for (const _ of lines) hear();
    }, 10);
    onTestFinished(() => {
      clearInterval(timer);
      return rm(directory, { recursive: true });
    });
    return () => void appendFile(file, 'a record\n');
  },
};

it.each(Object.entries(DETOURS))('a loop through %s is found', async (_name, detour) => {
  const print = vi.spyOn(stderrLines, 'print').mockReturnValue(undefined);
  const it = await scene();
  let heard = 0;
  onStored(it.cluster, await detour(() => it.logger.info(`heard ${++heard}`)));
  it.logger.info('the first');
  await expectEnded(it, isHeard, ['the first']);
  expect(print.mock.calls.flat()).toEqual([expect.stringContaining('has found a log loop')]);
  expect(print.mock.calls.flat()[0]).toContain('"heard #"');
  print.mockRestore();
});

it('a loop that makes two of each record is found', async () => {
  const it = await scene();
  let heard = 0;
  onStored(it.cluster, () => {
    setTimeout(() => {
      for (let copy = 0; copy < 2; copy++) it.logger.info(`heard ${++heard}`);
    }, 5);
  });
  it.logger.info('the first');
  await expectEnded(it, isHeard, ['the first']);
});

it('a loop among ordinary traffic is found, and that is left alone', async () => {
  const it: Scene = await scene({ batch: { lingerMs: 20 } });
  const ordinary: string[] = [];
  const order = (): void => {
    ordinary.push(`order ${ordinary.length} is paid`);
    it.logger.info(ordinary.at(-1));
  };
  let heard = 0;
  onStored(it.cluster, (value) => {
    if (value === 'the first' || isHeard(value)) setTimeout(() => it.logger.info(`heard ${++heard}`), 5);
  });
  ordinary.push('the first');
  it.logger.info('the first');
  const timer = setInterval(order, 7);
  onTestFinished(() => clearInterval(timer));
  await it.found;
  clearInterval(timer);
  await expectEnded(it, isHeard, ordinary);
});
