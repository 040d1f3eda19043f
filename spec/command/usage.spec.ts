import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { brokersOf, ran, startCluster } from './rig.ts';

const MODULE = fileURLToPath(new URL('fixtures/kafka.mjs', import.meta.url));
const LOGS = ['--topic', 'logs'];

it.each(['check', 'tail', 'spool'])(
  '%s --help goes to stdout and names each of its options',
  async (command) => {
    const { code, out, err } = await ran([command, '--help']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(`Usage: winston-kafkajs ${command}`);
    expect(out).toContain('KAFKA_SASL_PASSWORD');
  },
);

it('prints its version', async () => {
  expect(await ran(['--version'])).toEqual({ code: 0, out: '1.2.3\n', err: '' });
});

describe('wrong usage is exit code 2, and says why on stderr', () => {
  it.each([
    [[], 'No command'],
    [['chekc'], 'There is no command chekc. Did you mean check?'],
    [['grafana'], 'There is no command grafana.\n'],
    [['check', '--brokers', 'a:1'], '--topic is missing'],
    [['check', ...LOGS], 'No brokers'],
    [['check', ...LOGS, '--brokers', 'a:x'], 'The brokers must be'],
    [['check', ...LOGS, '--brokers', 'a:1', '--verbose'], "Unknown option '--verbose'"],
    [['check', ...LOGS, '--broker', 'a:1'], 'Did you mean --brokers?'],
    [['check', ...LOGS, '--brokers', 'a:1', '--timeout', '0'], '--timeout must be'],
    [['check', ...LOGS, '--config', '/does/not/exist.mjs'], 'cannot be loaded'],
    [['tail', ...LOGS, '--brokers', 'a:1', '--level', 'loud'], '--level must be one of'],
    [['tail', ...LOGS, '--brokers', 'a:1', '--grep', '('], '--grep must be'],
    [['tail', ...LOGS, '--brokers', 'a:1', '--since', 'soon'], '--since must be like'],
    [['spool'], 'Give one directory'],
  ])('%j', async (args, said) => {
    const { code, out, err } = await ran(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(said);
  });

  it.each(['--password', '--password=hunter2', '--sasl-password'])(
    '%s is refused with the reason',
    async (flag) => {
      const { code, err } = await ran(['check', ...LOGS, '--brokers', 'a:1', flag, 'hunter2']);
      expect(code).toBe(2);
      expect(err).toContain('other users of this machine can see it');
      expect(err).not.toContain('hunter2');
    },
  );

  it('half of the credentials', async () => {
    const env = { KAFKA_SASL_USERNAME: 'shop' };
    const { code, err } = await ran(['check', ...LOGS, '--brokers', 'a:1'], { env });
    expect([code, err]).toEqual([2, expect.stringContaining('KAFKA_SASL_PASSWORD belong together')]);
  });
});

describe('the configuration', () => {
  it.each(['module.exports = ', 'exports.default = ', 'exports.__esModule = true; exports.default = '])(
    'comes from a CommonJS module: %s',
    async (code) => {
      const directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-config-'));
      onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
      const cluster = await startCluster();
      const file = join(directory, 'kafka.cjs');
      writeFileSync(file, `${code}{ clientId: 'of-the-module', brokers: ['${brokersOf(cluster)}'] };`);
      const seen = new Set<string | null>();
      cluster.on('request', ({ clientId }) => seen.add(clientId));
      expect((await ran(['check', ...LOGS, '--config', file, '--no-record'])).code).toBe(0);
      expect([...seen]).toEqual(['of-the-module']);
    },
  );

  it('comes from a module, and the environment and the command line go before it', async () => {
    const seen: (string | null)[] = [];
    const cluster = await startCluster();
    cluster.on('request', ({ clientId }) => seen.push(clientId));
    // The module names a broker that is not there.
    const args = ['check', ...LOGS, '--config', MODULE, '--no-record'];
    expect((await ran(args)).code).toBe(1);
    expect((await ran(args, { env: { KAFKA_BROKERS: brokersOf(cluster) } })).code).toBe(0);
    expect(new Set(seen)).toEqual(new Set(['of-the-module']));
    seen.length = 0;
    const env = { KAFKA_BROKERS: '127.0.0.1:1', KAFKA_CLIENT_ID: 'of-the-environment' };
    expect((await ran([...args, '--brokers', brokersOf(cluster)], { env })).code).toBe(0);
    expect(new Set(seen)).toEqual(new Set(['of-the-environment']));
  });

  it('took an empty variable, as containers get it, for one that is set: it hid the module, or meant a log-in', async () => {
    const cluster = await startCluster();
    const names = [
      'BROKERS',
      'CLIENT_ID',
      'SSL',
      'SSL_CA',
      'SASL_MECHANISM',
      'SASL_USERNAME',
      'SASL_PASSWORD',
    ];
    const env = Object.fromEntries(names.map((name) => [`KAFKA_${name}`, '']));
    const seen = new Set<string | null>();
    cluster.on('request', ({ clientId }) => seen.add(clientId));
    const args = ['check', ...LOGS, '--no-record'];
    const { code, err } = await ran([...args, '--brokers', brokersOf(cluster)], { env });
    expect([code, err]).toEqual([0, '']);
    expect([...seen]).toEqual(['winston-kafkajs-command']);
    expect((await ran([...args, '--config', MODULE], { env })).code).toBe(1);
    expect((await ran(args, { env })).err).toContain('No brokers: give --brokers host:port, KAFKA_BROKERS,');
  });
});
