// The command against a real Kafka: above all what `check` says of set-ups that are broken. spec/command/check/check.spec.ts has the same
// on the stand-in.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StepName } from '../../lib/command/check/steps.ts';
import { CheckCluster, NOWHERE, USERS } from './support/check-cluster.ts';
import { runCheck, type Setup, stepsOf } from './support/command.ts';
import { tailAndSpoolSpecs } from './support/tail-and-spool.ts';

const HOURS = 3_600_000;

let cluster: CheckCluster;

beforeAll(async () => {
  cluster = await CheckCluster.prepare();
  await cluster.start();
});

afterAll(() => cluster.stop());

const statuses = (out: string): Record<string, string> =>
  Object.fromEntries(stepsOf(out).map(({ name, status }) => [name, status]));

const ALL_OK = {
  dns: 'ok',
  tcp: 'ok',
  tls: 'skipped',
  'api versions': 'ok',
  sasl: 'skipped',
  advertised: 'ok',
  topic: 'ok',
  partitions: 'ok',
  'in-sync replicas': 'ok',
  'size limit': 'ok',
  write: 'ok',
  clock: 'ok',
  'read back': 'ok',
};

describe('a set-up that works', () => {
  it.each<[string, Setup, Partial<Record<StepName, string>>]>([
    ['without TLS and SASL', { at: 'OPEN' }, {}],
    ['with TLS', { at: 'TLS', tls: 'TLS' }, { tls: 'ok' }],
    ['with PLAIN', { at: 'SASL', user: 'shop' }, { sasl: 'ok' }],
    ['with SCRAM', { at: 'SASL', user: 'shop', mechanism: 'scram-sha-512' }, { sasl: 'ok' }],
    [
      'with no right but that to write',
      { at: 'SASL', user: 'writer' },
      { sasl: 'ok', 'in-sync replicas': 'skipped', 'size limit': 'skipped', 'read back': 'warning' },
    ],
    // Which 4.1 takes, and older ones refuse.
    [
      'with min.insync.replicas above the number of replicas',
      { at: 'OPEN', topic: 'never-enough' },
      { 'in-sync replicas': 'warning' },
    ],
    ["of the broker's own time", { at: 'OPEN', topic: 'stamped' }, {}],
  ])('passes: %s', async (_, setup, others) => {
    const { code, stdout, stderr } = await runCheck(cluster, setup);
    expect({ code, stderr, steps: statuses(stdout) }).toEqual({
      code: 0,
      stderr: '',
      steps: { ...ALL_OK, ...others },
    });
    expect(stdout).toContain('The transport can work with this.');
  });

  it('says the same with --json', async () => {
    const { code, stdout } = await runCheck(cluster, { at: 'SASL', user: 'shop', args: ['--json'] });
    const { ok, topic, steps } = JSON.parse(stdout);
    expect({ code, ok, topic }).toEqual({ code: 0, ok: true, topic: 'logs' });
    expect(
      Object.fromEntries(steps.map((step: { name: string; status: string }) => [step.name, step.status])),
    ).toEqual({
      ...ALL_OK,
      sasl: 'ok',
    });
  });

  it('warns where the broker stamps records, and this machine is two hours ahead', async () => {
    const { code, stdout } = await runCheck(cluster, { at: 'OPEN', topic: 'stamped', clockMs: 2 * HOURS });
    const clock = stepsOf(stdout).find(({ name }) => name === 'clock');
    expect(code).toBe(0);
    expect(clock).toMatchObject({
      status: 'warning',
      detail: expect.stringMatching(/^this machine's is 7[12]\d{5} ms ahead of the broker's$/),
      advice: expect.stringContaining('NTP'),
    });
  });
});

type Broken = [what: string, setup: Setup | (() => Setup), step: StepName, detail: RegExp, advice: RegExp];

const scram = { user: 'shop', mechanism: 'scram-sha-512' } as const;

const BROKEN: Broken[] = [
  ['a closed port', { at: { address: NOWHERE } }, 'tcp', /ECONNREFUSED/, /broker runs/],
  [
    'TLS on a plain port',
    { at: 'OPEN', tls: 'nobody' },
    'tls',
    /no TLS handshake with/,
    /PLAINTEXT listener/,
  ],
  [
    'a plain connection to a TLS port',
    { at: 'TLS' },
    'api versions',
    /the port speaks TLS \(certificate of 127\.0\.0\.1/,
    /KAFKA_SSL=true/,
  ],
  ['an expired certificate', { at: 'EXPIRED', tls: 'EXPIRED' }, 'tls', /CERT_HAS_EXPIRED/, /renewed/],
  ['a foreign certificate', { at: 'TLS', tls: 'nobody' }, 'tls', /SELF_SIGNED_CERT/, /KAFKA_SSL_CA/],
  ['another certificate', { at: 'TLS', tls: 'EXPIRED' }, 'tls', /SELF_SIGNED_CERT/, /KAFKA_SSL_CA/],
  [
    'a wrong password (PLAIN)',
    { at: 'SASL', user: 'shop', password: 'wrong-horse' },
    'sasl',
    /Invalid username or password/,
    /Check the user name, the password/,
  ],
  [
    'a wrong password (SCRAM)',
    { at: 'SASL', ...scram, password: 'wrong-horse' },
    'sasl',
    /invalid credentials/,
    /Check the user name, the password/,
  ],
  [
    'a mechanism that the broker does not have',
    { at: 'SASL', user: 'shop', mechanism: 'scram-sha-256' },
    'sasl',
    /not support.* mechanism/,
    /does not offer SCRAM-SHA-256.*sasl\.enabled\.mechanisms/,
  ],
  [
    'a mechanism that nobody has',
    { at: 'SASL', user: 'shop', mechanism: 'nonsense' },
    'sasl',
    /mechanism/,
    /does not offer NONSENSE/,
  ],
  ['no SASL where the listener asks for it', { at: 'SASL' }, 'sasl', /closed/i, /asks for SASL/],
  ['SASL where the listener has none', { at: 'OPEN', ...scram }, 'sasl', /SASL state/, /leave sasl out/],
  [
    'an advertised listener that cannot be reached',
    { at: 'LOST' },
    'advertised',
    /127\.0\.0\.1:1\b/,
    /advertised\.listeners/,
  ],
  ['no topic', { at: 'OPEN', topic: 'nowhere' }, 'topic', /there is no topic nowhere/, /Create it/],
  [
    'no topic, as a user without rights is told',
    { at: 'SASL', user: 'guest', topic: 'nowhere' },
    'topic',
    /[Nn]ot authorized/,
    /does not tell whether it exists/,
  ],
  [
    'no right at all',
    { at: 'SASL', user: 'guest' },
    'topic',
    /[Nn]ot authorized/,
    /Write rights \(ACL\) for logs/,
  ],
  ['no right to write', { at: 'SASL', user: 'reader' }, 'write', /[Nn]ot authorized/, /Write right \(ACL\)/],
  [
    'a partition without a leader',
    { at: 'OPEN', topic: 'half-there' },
    'partitions',
    /2, of which 1 have a leader \(not 1\)/,
    /brokers that are down/,
  ],
  [
    'too few replicas in sync',
    { at: 'OPEN', topic: 'too-few' },
    'in-sync replicas',
    /partition 0 has 1, min\.insync\.replicas is 2/,
    /bring its replicas back/,
  ],
  [
    'too few replicas in sync, where the settings may not be read',
    { at: 'SASL', user: 'writer', topic: 'too-few' },
    'in-sync replicas',
    /fewer in-sync replicas than required/,
    /bring its replicas back/,
  ],
  [
    'a size limit',
    { at: 'OPEN', topic: 'small' },
    'size limit',
    /max\.message\.bytes is 100000/,
    /batch\.maxBytes below 100000/,
  ],
  [
    'a size limit, where the settings may not be read',
    { at: 'SASL', user: 'writer', topic: 'tiny' },
    'size limit',
    /larger than the max message size/,
    /Raise max\.message\.bytes/,
  ],
  [
    'a clock that is ahead',
    { at: 'OPEN', topic: 'punctual', clockMs: 2 * HOURS },
    'clock',
    /timestamp/i,
    /NTP/,
  ],
  [
    'a clock that is behind',
    { at: 'OPEN', topic: 'punctual', clockMs: -2 * HOURS },
    'clock',
    /timestamp/i,
    /NTP/,
  ],
  ['a compacted topic', { at: 'OPEN', topic: 'compacted' }, 'write', /validation/, /the option "key"/],
];

describe('a broken set-up is named by its cause', () => {
  it.each(BROKEN)('%s', async (_, given, step, detail, advice) => {
    const setup = typeof given === 'function' ? given() : given;
    const { code, stdout, stderr } = await runCheck(cluster, setup);
    const steps = stepsOf(stdout);
    expect({ code, stderr, failed: steps.filter(({ status }) => status === 'failed').length }).toEqual({
      code: 1,
      stderr: '',
      failed: 1,
    });
    expect(steps.at(-1)).toEqual({
      name: step,
      status: 'failed',
      detail: expect.stringMatching(detail),
      advice: expect.stringMatching(advice),
    });
    for (const password of [setup.password ?? '', ...Object.values(USERS)])
      if (password !== '') expect(stdout).not.toContain(password);
  });

  it('says the same with --json', async () => {
    const setup: Setup = { at: 'SASL', user: 'shop', password: 'wrong-horse' };
    const forPeople = await runCheck(cluster, setup);
    const asJson = await runCheck(cluster, { ...setup, args: ['--json'] });
    const { ok, steps } = JSON.parse(asJson.stdout);
    expect({ code: asJson.code, ok }).toEqual({ code: 1, ok: false });
    // The time that a connection takes is another one.
    const withoutTimes = (list: unknown): unknown =>
      JSON.parse(JSON.stringify(list).replaceAll(/\d+ ms/g, 'ms'));
    expect(withoutTimes(steps)).toEqual(withoutTimes(stepsOf(forPeople.stdout)));
  });
});

describe('tail and spool', () => tailAndSpoolSpecs(() => cluster));
