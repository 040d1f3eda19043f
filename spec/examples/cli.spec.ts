import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { folderOf, Program, runExample, SUCCESS } from './example.ts';
import { logged, ordersIn, startBroker, upTo } from './topic.ts';

const FAILURE = { code: 1, signal: null };

/** The command with another file than its page gives. */
async function importing(text: string, broker: string | undefined): Promise<Program> {
  const directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-orders-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'orders.txt');
  writeFileSync(file, text);
  const program = Program.start(`node import-orders.js ${file}`, folderOf('cli'), { KAFKA_BROKERS: broker });
  await program.exit;
  return program;
}

describe('a command that logs and exits at once', () => {
  it('delivers all', async () => {
    const cluster = await startBroker();
    const program = await runExample('cli', { KAFKA_BROKERS: cluster.addresses[0] });
    expect(await program.exit, program.output).toEqual(SUCCESS);
    expect(program.stdout).toBe('20\n');
    expect(ordersIn(cluster)).toEqual(upTo(20));
  });

  it('delivers why it failed, and keeps its status', async () => {
    const cluster = await startBroker();
    const program = await importing('1\n2\nthree\n4\n', cluster.addresses[0]);
    expect(await program.exit, program.output).toEqual(FAILURE);
    expect(logged(cluster).map(({ message, order, reason }) => [message, order ?? reason])).toEqual([
      ['order imported', 1],
      ['order imported', 2],
      ['import failed', 'this is not an order'],
    ]);
  });

  it('keeps its status without a broker, and says what Kafka has not got', async () => {
    const cluster = await startBroker();
    await cluster.down();
    const program = await importing('1\n2\nthree\n', cluster.addresses[0]);
    expect(await program.exit, program.output).toEqual(FAILURE);
    expect(program.stderr).toMatch(/(has dropped|before Kafka has got) 3 records/);
  });
});
