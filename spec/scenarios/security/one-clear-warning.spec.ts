// What keeps a client out is told once, by its cause, with what to do about it; and nowhere is a secret in it.
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { expect, it, vi } from 'vitest';
import { stderrLines } from '../../../lib/client-log/stderr.ts';
import type { KafkaTransportError, KafkaTransportOptions, Undelivered } from '../../../lib/index.ts';
import { type BrokerClusterOptions, ERROR } from '../../../testing/broker/broker-cluster.ts';
import { EXPIRED_TLS, SPEC_TLS } from '../../../testing/broker/spec-tls.ts';
import { directoryOfSpec, filesIn } from '../../spool/rig.ts';
import { expectLaw, loggerWith, numbered, startCluster, transportTo } from '../../support/harness.ts';
import { untilDown } from '../faults/rig.ts';

const SECRET = 'correct-horse-battery';
type Kafka = Partial<NonNullable<KafkaTransportOptions['kafka']>>;

const plain = { mechanism: 'plain', username: 'shop', password: SECRET } as const;
const oauth = (oauthBearerProvider: () => Promise<{ value: string }>) =>
  ({ sasl: { mechanism: 'oauthbearer', oauthBearerProvider } }) as const;

interface Case {
  readonly what: string;
  readonly cluster?: BrokerClusterOptions;
  readonly kafka: Kafka;
  readonly cause: RegExp;
  readonly remedy: string;
}

const CASES: Case[] = [
  {
    what: 'a wrong password',
    cluster: { sasl: () => false },
    kafka: { sasl: plain },
    cause: /authentication failed/i,
    remedy: 'The broker has refused the user name or the password (check kafka.sasl).',
  },
  {
    what: 'a wrong password, which the broker repeats',
    cluster: { sasl: (attempt) => `no such password: ${'password' in attempt ? attempt.password : ''}` },
    kafka: { sasl: plain },
    cause: /no such password: \*\*\*/i,
    remedy: 'The broker has refused the user name or the password (check kafka.sasl).',
  },
  {
    what: 'a token that is refused, and repeated',
    cluster: { sasl: (attempt) => `no such token: ${'token' in attempt ? attempt.token : ''}` },
    kafka: oauth(async () => ({ value: SECRET })),
    cause: /no such token: \*\*\*/i,
    remedy: 'check kafka.sasl.oauthBearerProvider and what it asks.',
  },
  {
    what: 'a mechanism that the broker does not have',
    cluster: { sasl: () => true },
    kafka: { sasl: { mechanism: 'scram-sha-256', username: 'shop', password: SECRET } },
    cause: /does not support the requested SASL mechanism/,
    remedy: 'check kafka.sasl.mechanism.',
  },
  {
    what: 'SASL where the broker wants none',
    kafka: { sasl: plain },
    cause: /SASL state/,
    remedy: 'The broker wants no SASL on this port, or another kind',
  },
  {
    what: 'an expired certificate',
    cluster: { tls: EXPIRED_TLS, sasl: () => true },
    kafka: { ssl: { ca: [EXPIRED_TLS.cert], passphrase: SECRET }, sasl: plain },
    cause: /certificate has expired/,
    remedy: "The broker's certificate has expired: renew it, and check this machine's clock.",
  },
  {
    what: 'a certificate that nobody vouches for',
    cluster: { tls: SPEC_TLS, sasl: () => true },
    kafka: { ssl: true, sasl: plain },
    cause: /self-signed certificate/,
    remedy: 'give its authority in kafka.ssl.ca.',
  },
  {
    what: 'TLS to a port that has none',
    kafka: { ssl: true, sasl: plain },
    cause: /before secure TLS connection/,
    remedy: 'This port does not speak TLS',
  },
];

/** Everything that anybody gets to see. */
function watchAll(): { shown: () => string; print: { mockRestore(): void }; seen: unknown[] } {
  const seen: unknown[] = [];
  const print = vi.spyOn(stderrLines, 'print').mockImplementation((line) => {
    seen.push(line);
    return undefined;
  });
  return { shown: () => inspect(seen, { depth: 12, maxStringLength: null }), print, seen };
}

it.each(CASES)(
  '$what: one warning that names the cause and what to do, and no secret',
  async ({ cluster: how, kafka, cause, remedy }) => {
    const watch = watchAll();
    const directory = directoryOfSpec();
    const cluster = await startCluster(how);
    const transport = transportTo(cluster, {
      kafka: { brokers: cluster.addresses, ...kafka },
      fallback: (undelivered: Undelivered) => void watch.seen.push(undelivered),
      spool: { directory },
      clientLog: { level: 'debug' },
      closeTimeoutMs: 100,
    });
    const warnings: KafkaTransportError[] = [];
    transport.on('warn', (warning: KafkaTransportError) => warnings.push(warning));
    const logger = loggerWith(transport);
    for (const message of numbered(20)) logger.info(message);
    await untilDown(transport);
    watch.seen.push(transport.stats(), ...warnings);
    await transport.close();
    expect(warnings.map(({ code }) => code)).toEqual(['ERR_KAFKA_UNREACHABLE']);
    expect(warnings[0]?.message).toMatch(cause);
    expect(warnings[0]?.message).toContain(remedy);
    const files = filesIn(directory).map((file) => readFileSync(file, 'latin1'));
    expect(files.length).toBeGreaterThan(0);
    const shown = [watch.shown(), ...files].join('\n');
    expect(shown).toMatch(cause);
    expect(shown).not.toContain(SECRET);
    watch.print.mockRestore();
  },
);

it('a provider of tokens that fails, and shows the last one: it is named, and the token hidden', async () => {
  let tokens = 0;
  const cluster = await startCluster({ sasl: () => true });
  const provider = async (): Promise<{ value: string }> => {
    if (++tokens > 1) throw new Error(`${SECRET} cannot be renewed`);
    return { value: SECRET };
  };
  const transport = transportTo(cluster, {
    kafka: { brokers: cluster.addresses, ...oauth(provider) },
    idleTimeoutMs: 10,
    closeTimeoutMs: 100,
  });
  const warnings: KafkaTransportError[] = [];
  transport.on('warn', (warning: KafkaTransportError) => warnings.push(warning));
  const logger = loggerWith(transport);
  logger.info('gets through');
  await transport.flush(Infinity);
  // Idle, it lets go of its connections: the next record needs a new one, and a new token.
  await cluster.until(() => cluster.connections === 0);
  logger.info('does not');
  await untilDown(transport);
  expect(warnings[0]?.message).toContain('kafka.sasl.oauthBearerProvider failed: *** cannot be renewed');
  expect(inspect([warnings, transport.stats()], { depth: 12 })).not.toContain(SECRET);
});

it('a missing ACL: one warning that names the topic and the right', async () => {
  const cluster = await startCluster();
  cluster.inject({ api: 'Produce', times: 100, action: { error: ERROR.TOPIC_AUTHORIZATION_FAILED } });
  const transport = transportTo(cluster, { kafka: { brokers: cluster.addresses }, dropNotice: false });
  const warnings: KafkaTransportError[] = [];
  transport.on('warn', (warning: KafkaTransportError) => warnings.push(warning));
  const logger = loggerWith(transport);
  for (const message of numbered(20)) logger.info(message);
  await transport.flush(Infinity);
  expect(warnings.map(({ code }) => code)).toEqual(['ERR_RECORDS_DROPPED']);
  expect(warnings[0]?.message).toMatch(/topic "app-logs": .*not authorized/i);
  expect(warnings[0]?.message).toContain('This user lacks the right to WRITE to the topic');
  expect(transport.stats().dropped.rejected).toBe(20);
  expectLaw(transport);
});
