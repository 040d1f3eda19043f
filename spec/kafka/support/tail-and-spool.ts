// `winston-kafkajs tail` and `spool` as users run them, on the cluster of check.spec.ts: another one would take its time to start.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { expect, it, onTestFinished } from 'vitest';
import { arrivalsIn } from '../../support/arrivals.ts';
import { runChild } from '../../support/child-process.ts';
import type { EndingConfig } from '../rows/endings.ts';
import { type CheckCluster, NOWHERE } from './check-cluster.ts';
import { runCommand } from './command.ts';
import { numbersIn } from './read-back.ts';

const SPOOLED = 2_000;
const TAILED = 6_000;

/** All files with their contents and times. */
function everything(path: string): unknown[] {
  return (readdirSync(path, { recursive: true }) as string[]).sort().map((name) => {
    const { mtimeMs, ctimeMs, size, mode, ino } = statSync(join(path, name));
    const isFile = statSync(join(path, name)).isFile();
    return {
      name,
      mtimeMs,
      ctimeMs,
      size,
      mode,
      ino,
      content: isFile && readFileSync(join(path, name), 'latin1'),
    };
  });
}

const listed = async (directory: string): Promise<{ waiting: number; segments: unknown[] }> =>
  JSON.parse((await runCommand(['spool', directory, '--json'])).stdout);

export function tailAndSpoolSpecs(cluster: () => CheckCluster): void {
  it('sends what a process left that was killed while its broker was away, and looking changes nothing', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-left-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const topic = 'replayed';
    const config: EndingConfig = {
      brokers: [NOWHERE],
      topic,
      directory,
      records: SPOOLED,
      ending: 'SIGKILL',
    };
    const killed = await runChild(new URL('ending-program.ts', import.meta.url), {
      env: { ENDING: JSON.stringify(config) },
    });
    expect(killed.signal).toBe('SIGKILL');

    const before = everything(directory);
    expect(await listed(directory)).toMatchObject({ waiting: SPOOLED });
    const forPeople = await runCommand(['spool', directory]);
    expect(forPeople.stdout).toContain(`${topic}: ${SPOOLED}`);
    expect(forPeople.stdout).toContain('left behind');
    const printed = await runCommand(['spool', directory, '--print']);
    const numbers = printed.stdout.split('\n').flatMap((line) => /Z -\s+(\d+) x/.exec(line)?.[1] ?? []);
    expect(numbers.map(Number)).toEqual([...Array(SPOOLED).keys()]);
    expect(everything(directory)).toEqual(before);

    const replay = await runCommand(['spool', directory, '--replay', '--brokers', cluster().address('OPEN')]);
    expect({ code: replay.code, stderr: replay.stderr }).toEqual({ code: 0, stderr: '' });
    expect(replay.stdout).toContain(`${SPOOLED} of ${SPOOLED} records were delivered.`);
    expect(await listed(directory)).toEqual({ waiting: 0, segments: [] });
    const { seen, duplicates, outOfOrder } = arrivalsIn(await numbersIn([cluster().address('OPEN')], topic));
    expect({ seen: seen.size, duplicates, outOfOrder }).toEqual({
      seen: SPOOLED,
      duplicates: 0,
      outOfOrder: 0,
    });
  });

  it('tail --since shows the records of several partitions by time', async () => {
    const topic = 'by-time';
    const brokers = [cluster().address('OPEN')];
    const producer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    const start = Date.now() - 30 * 60_000;
    // Several fetches of a partition; the first one is the sparse one, so that the others get ahead of it.
    const messages = Array.from({ length: TAILED }, (_, at) => ({
      value: `${at} ${'x'.repeat(1_000)}`,
      partition: at < TAILED / 2 ? 1 + (at % 2) : at % 3,
      timestamp: String(start + at * 10),
    }));
    for (let at = 0; at < TAILED; at += 500)
      await producer.send({ topic, messages: messages.slice(at, at + 500) });
    await producer.disconnect();
    const args = ['tail', '--topic', topic, '--brokers', brokers.join(), '--since', '1h'];
    const { code, stdout, stderr } = await runCommand(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const numbers = stdout.split('\n').flatMap((line) => /Z -\s+(\d+) x/.exec(line)?.[1] ?? []);
    expect(numbers.map(Number)).toEqual([...Array(TAILED).keys()]);
  });
}
