import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import kafkajs, { type KafkaConfig } from 'kafkajs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { check } from '../../../lib/command/check/check.ts';
import type { Step } from '../../../lib/command/check/steps.ts';
import { Screen } from '../../../lib/command/screen.ts';
import { type BrokerCluster, ERROR } from '../../../testing/broker/broker-cluster.ts';
import { EXPIRED_TLS, SPEC_TLS } from '../../../testing/broker/spec-tls.ts';
import { brokersOf, type Ran, type RunSettings, ran, startCluster } from '../rig.ts';

const SECRET = 'kept-out-of-sight';
const CREDENTIALS = { KAFKA_SASL_USERNAME: 'shop', KAFKA_SASL_PASSWORD: SECRET };

function checked(cluster: BrokerCluster, settings?: RunSettings, ...more: string[]): Promise<Ran> {
  return ran(
    ['check', '--brokers', brokersOf(cluster), '--topic', 'logs', '--timeout', '3000', ...more],
    settings,
  );
}

/** As a broker tells of a partition whose brokers are all away. */
function leaderless(cluster: BrokerCluster, topic: string, partition: number): void {
  const action = { error: ERROR.LEADER_NOT_AVAILABLE, partitions: [partition] };
  cluster.inject({ api: 'Metadata', topic, times: Infinity, action });
}

/** The names of the steps that were done, and the text of the one that failed. */
async function failure(
  cluster: BrokerCluster,
  settings?: RunSettings,
): Promise<{ step: string; text: string }> {
  const { code, out } = await checked(cluster, settings, '--json');
  const { ok, steps } = JSON.parse(out) as { ok: boolean; steps: Step[] };
  const failed = steps.filter(({ status }) => status === 'failed');
  expect({ code, ok, count: failed.length, isLast: failed[0] === steps.at(-1) }).toEqual({
    code: 1,
    ok: false,
    count: 1,
    isLast: true,
  });
  expect(out).not.toContain(SECRET);
  return { step: failed[0]?.name ?? '', text: `${failed[0]?.detail} | ${failed[0]?.advice}` };
}

function caFile(pem: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-ca-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'ca.pem');
  writeFileSync(path, pem);
  return path;
}

describe('a set-up that works', () => {
  it('passes each step, and its record is in the topic', async () => {
    const cluster = await startCluster();
    const { code, out } = await checked(cluster);
    expect(code).toBe(0);
    const lines = out.split('\n').filter((line) => /^(ok|skipped|warning|failed) /.test(line));
    expect(lines.map((line) => line.slice(0, 26).trimEnd())).toEqual([
      'ok       dns',
      'ok       tcp',
      'skipped  tls',
      'ok       api versions',
      'skipped  sasl',
      'ok       advertised',
      'ok       topic',
      'ok       partitions',
      'ok       in-sync replicas',
      'ok       size limit',
      'ok       write',
      'ok       clock',
      'ok       read back',
    ]);
    expect(cluster.values('logs')).toEqual([expect.stringContaining('winston-kafkajs check')]);
    expect(cluster.requests.OffsetCommit).toBe(0);
  });

  it('writes nothing with --no-record', async () => {
    const cluster = await startCluster();
    expect((await checked(cluster, {}, '--no-record')).code).toBe(0);
    expect(cluster.requests.Produce).toBe(0);
  });

  it('goes through TLS and SASL, and says whose certificate it is', async () => {
    const cluster = await startCluster({
      tls: SPEC_TLS,
      sasl: (attempt) => attempt.mechanism === 'PLAIN' && attempt.password === SECRET,
    });
    const { code, out } = await checked(cluster, {
      env: { ...CREDENTIALS, KAFKA_SSL_CA: caFile(SPEC_TLS.cert) },
    });
    expect(out).toMatch(
      /^ok +tls +certificate of 127\.0\.0\.1, issued by 127\.0\.0\.1, expires \w+ .* 2126 GMT/m,
    );
    expect(out).toMatch(/^ok +sasl +authenticated by PLAIN$/m);
    expect(code).toBe(0);
  });

  it('is no failure where one of two brokers is away, but a warning', async () => {
    const cluster = await startCluster({ brokers: 2, topics: { logs: 1 } });
    const [first] = cluster.addresses;
    const { out } = await ran(['check', '--brokers', `127.0.0.1:1,${first}`, '--topic', 'logs']);
    expect(out).toMatch(/^warning +tcp .*ECONNREFUSED 127\.0\.0\.1:1/m);
    expect(out).toMatch(/^ok +read back/m);
  });
});

it('gives the client the time of a step for a connection and an answer, unless the configuration has its own', async () => {
  const { Kafka } = kafkajs;
  const given: KafkaConfig[] = [];
  const made = vi.spyOn(kafkajs, 'Kafka').mockImplementation(function (this: object, config) {
    given.push(config);
    return new Kafka(config);
  });
  onTestFinished(() => made.mockRestore());
  const cluster = await startCluster();
  expect((await checked(cluster, {}, '--no-record')).code).toBe(0);
  expect(given[0]).toMatchObject({ connectionTimeout: 3_000, requestTimeout: 3_000 });
});

it('said that all is well where it had failed by itself', async () => {
  const { addresses: brokers } = await startCluster();
  const kafka = {
    brokers,
    get clientId(): never {
      throw new Error('no name yet');
    },
  };
  const options = { topic: 'logs', isJson: false, writes: false, timeoutMs: 3_000, now: Date.now };
  const { signal } = new AbortController();
  const screen = new Screen({ write: () => undefined }, {});
  await expect(check({ kafka, signal, ...options }, screen)).rejects.toThrow('no name yet');
});

describe('what is no obstacle', () => {
  it('a partition without a leader in another topic', async () => {
    const cluster = await startCluster({ topics: { logs: 2, others: 2 } });
    leaderless(cluster, 'others', 1);
    const { code, out } = await checked(cluster);
    expect(out).toMatch(/^ok +advertised /m);
    expect(out).toMatch(/^ok +size limit /m);
    expect(out).toMatch(/^ok +read back /m);
    expect(code).toBe(0);
  });

  it('fewer replicas than min.insync.replicas, which Kafka 4 takes', async () => {
    const cluster = await startCluster();
    cluster.configureTopic('logs', { minInSyncReplicas: 2 });
    const { code, out } = await checked(cluster);
    expect(out).toMatch(
      /^warning +in-sync replicas +1 at least, min\.insync\.replicas is 2\n +The topic has fewer/m,
    );
    expect(code).toBe(0);
  });

  it('settings that may not be read, or cannot be', async () => {
    const cluster = await startCluster();
    const because = async (error: number): Promise<string | undefined> => {
      cluster.inject({ api: 'DescribeConfigs', times: 1, action: { error } });
      const { code, out } = await checked(cluster, {}, '--no-record');
      expect(code).toBe(0);
      return /^skipped +size limit +(.*)$/m.exec(out)?.[1];
    };
    expect(await because(ERROR.TOPIC_AUTHORIZATION_FAILED)).toMatch(/may not read .* \(DescribeConfigs\)/);
    expect(await because(ERROR.REQUEST_TIMED_OUT)).toMatch(/cannot be read: .*timed out/);
  });
});

describe('a broken set-up is named by its cause', () => {
  it('closed port', async () => {
    const cluster = await startCluster();
    await cluster.down();
    expect(await failure(cluster)).toMatchObject({
      step: 'tcp',
      text: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('TLS on a plain port', async () => {
    const cluster = await startCluster();
    expect(await failure(cluster, { env: { KAFKA_SSL: 'true' } })).toMatchObject({
      step: 'tls',
      text: expect.stringMatching(/no TLS handshake with .*PLAINTEXT listener/),
    });
  });

  it('a plain connection to a TLS port', async () => {
    const cluster = await startCluster({ tls: SPEC_TLS });
    expect(await failure(cluster)).toMatchObject({
      step: 'api versions',
      text: expect.stringMatching(/the port speaks TLS \(certificate of 127\.0\.0\.1.*KAFKA_SSL=true/),
    });
  });

  it('an expired certificate', async () => {
    const cluster = await startCluster({ tls: EXPIRED_TLS });
    expect(await failure(cluster, { env: { KAFKA_SSL_CA: caFile(EXPIRED_TLS.cert) } })).toMatchObject({
      step: 'tls',
      text: expect.stringMatching(/CERT_HAS_EXPIRED.*expires Jan {2}2 .*2000.*renewed/),
    });
  });

  it('a foreign certificate', async () => {
    const cluster = await startCluster({ tls: SPEC_TLS });
    expect(await failure(cluster, { env: { KAFKA_SSL: 'true' } })).toMatchObject({
      step: 'tls',
      text: expect.stringMatching(/SELF_SIGNED_CERT.*issued by 127\.0\.0\.1.*KAFKA_SSL_CA/),
    });
  });

  it('a wrong password', async () => {
    const cluster = await startCluster({ sasl: () => 'wrong credentials' });
    expect(await failure(cluster, { env: CREDENTIALS })).toMatchObject({
      step: 'sasl',
      text: expect.stringMatching(/wrong credentials.*Check the user name, the password/),
    });
  });

  it('a wrong password that the broker repeats is not shown', async () => {
    const cluster = await startCluster({ sasl: () => `no user with ${SECRET}` });
    expect(await failure(cluster, { env: CREDENTIALS })).toMatchObject({
      step: 'sasl',
      text: expect.stringContaining('***'),
    });
  });

  it.each(['scram-sha-512', 'nonsense'])('an unknown mechanism (%s)', async (mechanism) => {
    const cluster = await startCluster({ sasl: () => true });
    expect(
      await failure(cluster, { env: { ...CREDENTIALS, KAFKA_SASL_MECHANISM: mechanism } }),
    ).toMatchObject({
      step: 'sasl',
      text: expect.stringMatching(/mechanism.*sasl\.enabled\.mechanisms/),
    });
  });

  it('no SASL where the listener asks for it', async () => {
    const cluster = await startCluster({ sasl: () => true });
    expect(await failure(cluster)).toMatchObject({
      step: 'sasl',
      text: expect.stringMatching(/after its first answer.*asks for SASL.*KAFKA_SASL_USERNAME/),
    });
  });

  it('SASL where the listener has none', async () => {
    const cluster = await startCluster();
    expect(await failure(cluster, { env: CREDENTIALS })).toMatchObject({
      step: 'sasl',
      text: expect.stringMatching(/The listener has no SASL: leave sasl out/),
    });
  });

  it('a partition without a leader', async () => {
    const cluster = await startCluster({ topics: { logs: 3 } });
    leaderless(cluster, 'logs', 1);
    expect(await failure(cluster)).toMatchObject({
      step: 'partitions',
      text: expect.stringMatching(/^3, of which 2 have a leader \(not 1\).*brokers that are down/),
    });
  });

  it('no topic', async () => {
    const cluster = await startCluster({ topics: {} });
    expect(await failure(cluster)).toMatchObject({
      step: 'topic',
      text: expect.stringContaining('there is no topic logs'),
    });
    expect(cluster.topics()).toEqual([]);
  });

  it('no right to write', async () => {
    const cluster = await startCluster();
    cluster.inject({ api: 'Produce', times: Infinity, action: { error: ERROR.TOPIC_AUTHORIZATION_FAILED } });
    expect(await failure(cluster)).toMatchObject({
      step: 'write',
      text: expect.stringMatching(/authorized.*Write right \(ACL\)/),
    });
  });

  it('too few replicas in sync', async () => {
    const cluster = await startCluster({ topics: { logs: 1 } });
    cluster.configureTopic('logs', { minInSyncReplicas: 2, replicas: [0, 1], inSyncReplicas: [0] });
    expect(await failure(cluster)).toMatchObject({
      step: 'in-sync replicas',
      text: expect.stringContaining('partition 0 has 1, min.insync.replicas is 2'),
    });
    expect(cluster.requests.Produce).toBe(0);
  });

  it('too few replicas in sync, where the settings may not be read', async () => {
    const cluster = await startCluster();
    const error = ERROR.TOPIC_AUTHORIZATION_FAILED;
    cluster.inject({ api: 'DescribeConfigs', times: Infinity, action: { error } });
    cluster.configureTopic('logs', { minInSyncReplicas: 2, replicas: [0, 1], inSyncReplicas: [0] });
    expect(await failure(cluster)).toMatchObject({
      step: 'in-sync replicas',
      text: expect.stringContaining('bring its replicas back'),
    });
  });

  it('an advertised listener that cannot be reached', async () => {
    const cluster = await startCluster({ advertised: () => ({ host: '127.0.0.1', port: 1 }) });
    expect(await failure(cluster)).toMatchObject({
      step: 'advertised',
      text: expect.stringMatching(/127\.0\.0\.1:1\b.*advertised\.listeners/),
    });
  });

  it('one of several advertised listeners that cannot be reached', async () => {
    const cluster = await startCluster({
      brokers: 2,
      advertised: (broker) => (broker === 1 ? { host: '127.0.0.1', port: 1 } : undefined),
    });
    expect(await failure(cluster)).toMatchObject({
      step: 'advertised',
      text: expect.stringContaining('127.0.0.1:1'),
    });
  });

  it('a clock that is off', async () => {
    const cluster = await startCluster();
    cluster.configureTopic('logs', { timestampAfterMaxMs: 3_600_000 });
    const now = (): number => Date.now() + 2 * 3_600_000;
    expect(await failure(cluster, { now })).toMatchObject({
      step: 'clock',
      text: expect.stringContaining("refuses a record with this machine's time"),
    });
  });

  it('a size limit', async () => {
    const cluster = await startCluster({ maxMessageBytes: 100_000 });
    expect(await failure(cluster)).toMatchObject({
      step: 'size limit',
      text: expect.stringMatching(/max\.message\.bytes is 100000.*batch\.maxBytes below 100000/),
    });
  });

  it('silence after the connection', async () => {
    const cluster = await startCluster();
    cluster.silentConnections = true;
    expect(await failure(cluster)).toMatchObject({ step: 'api versions' });
  });
});
