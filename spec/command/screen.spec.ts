// The command on a terminal, and in a pipe.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import winston from 'winston';
import { KafkaTransport } from '../../lib/index.ts';
import { type ChildResult, runChild } from '../support/child-process.ts';
import { brokersOf, startCluster } from './rig.ts';

const PROGRAM = new URL('fixtures/program.ts', import.meta.url);

// Python's own pseudo terminal: what is started in it sees a terminal, and its exit code is passed on.
const PTY = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';
const IN_A_TERMINAL = ['python3', '-c', PTY];

function run(args: readonly string[], through: readonly string[], env = {}): Promise<ChildResult> {
  // vitest sets one of them, and Node 22 warns where both are set, if only to nothing.
  const colours = { NO_COLOR: undefined, FORCE_COLOR: undefined };
  return runChild(PROGRAM, {
    through,
    env: { SPEC_ARGS: JSON.stringify(args), ...colours, TERM: 'xterm', ...env },
  });
}

it('check has colours on a terminal, and none in a pipe or with NO_COLOR', async () => {
  const cluster = await startCluster();
  const args = ['check', '--brokers', brokersOf(cluster), '--topic', 'logs', '--no-record'];
  const terminal = await run(args, IN_A_TERMINAL);
  expect(terminal.stdout).toContain('\u001b[32mok      \u001b[39m dns');
  const plain = await run(args, IN_A_TERMINAL, { NO_COLOR: '1' });
  const pipe = await run(args, []);
  for (const { stdout } of [plain, pipe]) {
    expect(stdout).toContain('ok       dns');
    expect(stdout).not.toContain('\u001b');
  }
  expect([terminal.code, plain.code, pipe.code]).toEqual([0, 0, 0]);
});

it.skipIf(!existsSync('/dev/full'))('does not succeed where its output cannot be written', async () => {
  const { code, stderr } = await run(['--help'], ['sh', '-c', 'exec "$@" > /dev/full', 'sh']);
  expect(stderr).toMatch(/^winston-kafkajs: the output cannot be written: ENOSPC.*\n$/);
  expect(code).toBe(1);
  const piped = await run(['--help'], ['bash', '-c', '"$@" | true; exit "$PIPESTATUS"', 'bash']);
  expect([piped.code, piped.stderr]).toEqual([0, '']);
});

it('passes the exit codes on, and writes errors to stderr', async () => {
  const failed = await run(['check', '--brokers', '127.0.0.1:1', '--topic', 'logs'], []);
  expect([failed.code, failed.stderr]).toEqual([1, '']);
  const wrong = await run(['check'], []);
  expect([wrong.code, wrong.stdout]).toEqual([2, '']);
});

it.each([
  ['a terminal', IN_A_TERMINAL],
  ['a pipe', []],
])('spool --replay shows how far it is in %s', async (where, through) => {
  const cluster = await startCluster({ topics: { logs: 1 } });
  const directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-spool-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  await cluster.down();
  const transport = new KafkaTransport({
    topic: 'logs',
    kafka: { brokers: cluster.addresses },
    spool: { directory, mode: 'always' },
    closeTimeoutMs: 200,
    signals: false,
  });
  transport.on('warn', () => undefined);
  const logger = winston.createLogger({ transports: [transport] });
  for (let at = 0; at < 10; at++) logger.info(`record ${at}`);
  await transport.close();
  await cluster.up();
  const { code, stdout } = await run(
    ['spool', directory, '--replay', '--brokers', brokersOf(cluster)],
    through,
  );
  expect(code).toBe(0);
  expect(stdout).toContain('10 of 10 records were delivered.');
  expect(stdout.includes(`\r\u001b[K[${'#'.repeat(30)}] 100 % (10 of 10)`)).toBe(where === 'a terminal');
  if (where === 'a pipe') expect(stdout).toMatch(/^100 % \(10 of 10\)$/m);
  expect(cluster.count('logs')).toBe(10);
});

it.each([
  ['', []],
  // The timer for it kept the process until then.
  [', also with --until', ['--until', '2100-01-01']],
])('tail ends with code 0 on Ctrl-C that is typed in its terminal%s', async (_, more) => {
  const cluster = await startCluster();
  // Types ^C once the command has printed the record.
  const typing = `import os, pty, sys
def read(fd):
    data = os.read(fd, 1024)
    if b'typed after this' in data: os.write(fd, b'\\x03')
    return data
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:], read)))`;
  const running = run(
    ['tail', '--brokers', brokersOf(cluster), '--topic', 'logs', '--since', '1h', '--follow', ...more],
    ['python3', '-c', typing],
  );
  await cluster.until(() => cluster.requests.Fetch > 0, 25_000);
  const transport = new KafkaTransport({
    topic: 'logs',
    kafka: { brokers: cluster.addresses },
    signals: false,
  });
  winston.createLogger({ transports: [transport] }).warn('typed after this');
  await transport.close();
  const { code, stdout } = await running;
  expect(stdout).toContain('\u001b[33mwarn   \u001b[39m typed after this');
  expect(code).toBe(0);
});
