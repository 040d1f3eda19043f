import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'vitest';
import { BrokerCluster } from '../testing/broker/broker-cluster.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const LIMIT_MS = 60_000;

interface Ended {
  code: number | string | null | undefined;
  stdout: string;
  stderr: string;
}

/** Runs the demo to its end, as `npm run demo` does. */
function runDemo(env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const options = {
    env: { ...process.env, KAFKA_BROKERS: '', NODE_OPTIONS: '', ...env },
    timeout: LIMIT_MS - 5_000,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', MAIN], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout, stderr });
    });
  });
}

/** A row of the table: its figures, act by act; NaN where there is none. */
function row(stdout: string, label: string): number[] {
  const line = stdout.split('\n').find((candidate) => candidate.trimStart().startsWith(`${label}  `));
  const cells = line?.trimStart().slice(label.length).trim().split(/\s+/) ?? [];
  return cells.map((cell) => Number(cell.replaceAll(',', '')));
}

describe.concurrent('the demo', () => {
  it('shows its three acts, and ends well', { timeout: LIMIT_MS }, async ({ expect }) => {
    const { code, stdout, stderr } = await runDemo();
    expect(stdout).toMatch(/Act 1\..*Act 2\..*Act 3\..*All figures are as they should be/s);
    for (const unwanted of ['WRONG', '\r', '\u001b']) expect(stdout).not.toContain(unwanted);
    expect(stderr.match(/WARN winston-kafkajs cannot /g)).toHaveLength(1);
    expect(code).toBe(0);

    const [one, steady = 0, outage = 0] = row(stdout, 'records logged');
    expect(one).toBe(1);
    expect(steady).toBeGreaterThan(100);
    expect(outage).toBeGreaterThan(100);
    for (const label of ['requests answered', 'delivered (acknowledged)', 'in the topic (read back)']) {
      expect(row(stdout, label)).toEqual([Number.NaN, steady, outage]);
    }
    for (const label of ['lost', 'out of order']) {
      expect(row(stdout, label)).toEqual([Number.NaN, 0, 0]);
    }
    expect(row(stdout, 'duplicates')[1]).toBe(0);

    const [trapSends = 0, steadySends = 0] = row(stdout, 'sends');
    expect(trapSends).toBeGreaterThan(50);
    expect(steadySends).toBeLessThan(steady);
    expect(row(stdout, 're-entrant, sent to Kafka')).toEqual([trapSends - 1, 0, 0]);
    const [, keptOut = 0, keptOutOfOutage = 0] = row(stdout, 're-entrant, kept out');
    expect(Math.min(keptOut, keptOutOfOutage)).toBeGreaterThan(0);
    expect(row(stdout, 'of these on the console')).toEqual([Number.NaN, keptOut, keptOutOfOutage]);
    expect(row(stdout, 'waited in memory')[2]).toBeGreaterThan(0);
    expect(row(stdout, 'largest event-loop delay, ms')).not.toContain(Number.NaN);
  });

  it('takes KAFKA_BROKERS, and fails when a figure is wrong', {
    timeout: LIMIT_MS,
  }, async ({ expect, onTestFinished }) => {
    const cluster = await BrokerCluster.start({ autoCreate: 3 });
    onTestFinished(() => cluster.stop());
    const lostAnswer = cluster.inject({
      api: 'Produce',
      when: ({ targets }) => targets.some(({ topic }) => topic.endsWith('-steady')),
      action: { cut: 'after-store' },
    });
    const { code, stdout } = await runDemo({ KAFKA_BROKERS: cluster.addresses.join(',') });
    expect(lostAnswer.hits).toBe(1);
    expect(stdout.match(/^WRONG.*$/gm)).toEqual([
      expect.stringMatching(/^WRONG {2}Act 2: \d+ records are in the topic more than once$/),
    ]);
    expect(code).toBe(1);
  });

  it('says so when nobody is there', { timeout: LIMIT_MS }, async ({ expect }) => {
    const cluster = await BrokerCluster.start();
    await cluster.stop();
    const { code, stdout, stderr } = await runDemo({ KAFKA_BROKERS: cluster.addresses.join(',') });
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^No Kafka at KAFKA_BROKERS=\S+: Connection error: .*\n$/);
    expect(code).toBe(1);
  });
});
