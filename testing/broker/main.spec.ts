import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Kafka, logLevel } from 'kafkajs';
import { describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly brokers: string[];
  /** The line at the end and the exit code. */
  ended(): Promise<[unknown, number | null]>;
}

async function run(...args: string[]): Promise<Running> {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args]);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<unknown> => JSON.parse((await lines.next()).value ?? 'null');
  const exited = EventEmitter.once(child, 'exit');
  const ready = (await nextLine()) as { brokers: string[] };
  return { child, brokers: ready.brokers, ended: async () => [await nextLine(), (await exited)[0]] };
}

describe('the stand-in as a process', () => {
  it('prints its brokers, serves, and ends with its stdin', async () => {
    const { child, brokers, ended } = await run(
      '--brokers',
      '2',
      '--topic',
      'app-logs:4',
      '--topic',
      'other',
    );
    expect(brokers).toHaveLength(2);
    const producer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    const messages = [0, 1, 2, 3].map((partition) => ({ partition, value: 'x' }));
    await producer.send({ topic: 'app-logs', messages });
    await producer.disconnect();
    child.stdin.end();
    expect(await ended()).toEqual([{ stored: { 'app-logs': 4, other: 0 } }, 0]);
  });

  it('ends on SIGTERM, with a client connected', async () => {
    const { child, brokers, ended } = await run('--auto-create', '3');
    const producer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    await producer.send({ topic: 'made', messages: [{ partition: 2, value: 'x' }] });
    child.kill('SIGTERM');
    expect(await ended()).toEqual([{ stored: { made: 1 } }, 0]);
    await producer.disconnect();
  });
});
