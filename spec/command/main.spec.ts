// Which command runs, with what, and what is said where it cannot. The rest of what is wrong usage is in usage.spec.ts.
import { mkdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { USAGE } from '../../lib/command/usage.ts';
import { directoryOfSpec } from '../spool/rig.ts';
import { brokersOf, ran, startCluster } from './rig.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');
const LOGS = ['--topic', 'logs', '--brokers', '127.0.0.1:1'];

it.each(['help', '--help'])('%s goes to stdout', async (word) => {
  expect(await ran([word])).toEqual({ code: 0, out: USAGE.main, err: '' });
});

describe('wrong usage', () => {
  it.each([
    [['tail', ...LOGS, '--until', '2026-01-01T11:59:59Z'], '--until in the past needs --since: without it,'],
    [['tail', ...LOGS, '--until', '2026-01-01T12:00:00Z'], '--until in the past needs --since: without it,'],
    [['tail', ...LOGS, '--until', 'soon'], '--until must be like'],
    // JavaScript reads May 2001.
    [['tail', ...LOGS, '--since', '5'], '--since must be like'],
    [['spool', 'one', 'other'], 'Give one directory.'],
    [['spool', 'one', '--replay', '--print'], '--replay goes without --print and --json.'],
    [['spool', 'one', '--replay', '--json'], '--replay goes without --print and --json.'],
    [['spool', 'one', '--replay', '--timeout', 'long'], '--timeout must be a whole number'],
    [['check', '--brokers', 'a:1'], '--topic is missing.'],
    [['tail', '--brokers', 'a:1'], '--topic is missing.'],
  ])('of %j says what, and where help is', async (args, said) => {
    const { code, out, err } = await ran(args, { now: () => NOON });
    expect([code, out]).toEqual([2, '']);
    expect(err.startsWith(`winston-kafkajs: ${said}`)).toBe(true);
    expect(err.endsWith(`\nSee winston-kafkajs ${args[0]} --help.\n`)).toBe(true);
  });

  it('of no command is the usage of all', async () => {
    expect(await ran([])).toEqual({
      code: 2,
      out: '',
      err: `winston-kafkajs: No command.\n\n${USAGE.main}\n`,
    });
  });
});

it('what fails is one line, and exit code 1', async () => {
  const { code, out, err } = await ran(['tail', ...LOGS, '--since', '2026-01-01T12:00:00Z']);
  expect([code, out]).toEqual([1, '']);
  expect(err).toMatch(/^winston-kafkajs: .*ECONNREFUSED 127\.0\.0\.1:1[^\n]*\n$/);
});

it('a time to come is enough for tail: it shows what comes until then', async () => {
  const cluster = await startCluster();
  const args = [
    'tail',
    '--topic',
    'logs',
    '--brokers',
    brokersOf(cluster),
    '--until',
    '2026-01-01T12:00:01Z',
  ];
  const controller = new AbortController();
  cluster.on('request', ({ api }) => {
    if (api === 'Fetch') controller.abort();
  });
  expect(await ran(args, { now: () => NOON, signal: controller.signal })).toMatchObject({ code: 0, err: '' });
});

it('spool lists what is in the directory, and replays it only where it is told to', async () => {
  const directory = directoryOfSpec();
  mkdirSync(directory);
  expect(await ran(['spool', directory, '--json'])).toEqual({
    code: 0,
    out: '{\n  "waiting": 0,\n  "segments": []\n}\n',
    err: '',
  });
  expect((await ran(['spool', directory, '--print'])).out).toBe('');
  expect((await ran(['spool', directory])).out).not.toContain('left behind');
  const replayed = await ran(['spool', directory, '--replay', '--brokers', '127.0.0.1:1']);
  expect(replayed).toEqual({ code: 0, out: 'No records have been left behind.\n', err: '' });
});
