import { EventEmitter } from 'node:events';
import { connect } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import type { SASLOptions } from 'kafkajs';
import { afterEach, describe, expect, it } from 'vitest';
import { BrokerCluster, type SaslAttempt } from './broker-cluster.ts';
import { connectedProducer, type kafkaOf } from './kafkajs-client.ts';
import { SPEC_TLS } from './spec-tls.ts';

let cluster: BrokerCluster;

afterEach(() => cluster.stop());

async function sendOne(config: Parameters<typeof kafkaOf>[1]): Promise<void> {
  const producer = await connectedProducer(cluster, config);
  await producer.send({ topic: 'logs', messages: [{ value: 'hello' }] });
  await producer.disconnect();
}

describe('SASL', () => {
  const attempts: SaslAttempt[] = [];

  async function start(accepts: (attempt: SaslAttempt) => boolean, saslSessionLifetimeMs = 0): Promise<void> {
    attempts.length = 0;
    const sasl = (attempt: SaslAttempt): boolean => {
      attempts.push(attempt);
      return accepts(attempt);
    };
    cluster = await BrokerCluster.start({ topics: { logs: 1 }, sasl, saslSessionLifetimeMs });
  }

  it('PLAIN', async () => {
    await start((attempt) => attempt.mechanism === 'PLAIN' && attempt.password === 'right');
    await sendOne({ sasl: { mechanism: 'plain', username: 'me', password: 'right' } });
    expect(attempts).toEqual([{ mechanism: 'PLAIN', username: 'me', password: 'right' }]);
    expect(cluster.values('logs')).toEqual(['hello']);

    const wrong: SASLOptions = { mechanism: 'plain', username: 'me', password: 'wrong' };
    await expect(sendOne({ sasl: wrong })).rejects.toMatchObject({ name: 'KafkaJSSASLAuthenticationError' });
    expect(cluster.count('logs')).toBe(1);
  });

  it('OAUTHBEARER, with a token from a provider', async () => {
    await start(() => true);
    const oauthBearerProvider = async () => ({ value: 'token=1', extensions: { tenant: 'blue' } });
    await sendOne({ sasl: { mechanism: 'oauthbearer', oauthBearerProvider } });
    expect(attempts).toEqual([
      { mechanism: 'OAUTHBEARER', token: 'token=1', extensions: { tenant: 'blue' } },
    ]);
    expect(cluster.values('logs')).toEqual(['hello']);
  });

  it.each(['scram-sha-256', 'scram-sha-512'] as const)(
    '%s, and who does not know the password',
    async (mechanism) => {
      cluster = await BrokerCluster.start({ topics: { logs: 1 }, scram: { 'ada=1,2': 'right' } });
      await sendOne({ sasl: { mechanism, username: 'ada=1,2', password: 'right' } as SASLOptions });
      expect(cluster.values('logs')).toEqual(['hello']);
      for (const [username, password] of [
        ['ada=1,2', 'wrong'],
        ['bob', 'right'],
      ] as const) {
        const sasl = { mechanism, username, password } as SASLOptions;
        await expect(sendOne({ sasl, retry: { retries: 0 } })).rejects.toThrow(/invalid credentials/);
      }
      const plain: SASLOptions = { mechanism: 'plain', username: 'ada=1,2', password: 'right' };
      await expect(sendOne({ sasl: plain, retry: { retries: 0 } })).rejects.toThrow(
        /Authentication failed: Invalid username or password/,
      );
      expect(cluster.count('logs')).toBe(1);
    },
  );

  it('has a client authenticate again before its session ends, but not twice within a second', async () => {
    await start(() => true, 60_000);
    let tokens = 0;
    const oauthBearerProvider = async () => {
      tokens += 1;
      return { value: `token ${tokens}` };
    };
    // With a threshold of the whole lifetime, every request finds the session about to end.
    const sasl: SASLOptions = { mechanism: 'oauthbearer', oauthBearerProvider };
    // Twice within a second is too often for Kafka.
    await expect(sendOne({ sasl, reauthenticationThreshold: 60_000, retry: { retries: 0 } })).rejects.toThrow(
      /SASL state/,
    );
    expect(attempts.length).toBe(2);
    expect(attempts.at(-1)).toMatchObject({ token: `token ${tokens}` });
  });

  it('closes a connection whose session has ended', async () => {
    // A session that has ended as it begins, and a threshold that makes kafkajs believe in it all the same.
    await start(() => true, -1);
    const sasl: SASLOptions = { mechanism: 'plain', username: 'me', password: 'right' };
    const config = { sasl, reauthenticationThreshold: -60_000, retry: { retries: 0 } };
    const client = await connectedProducer(cluster, config);
    await expect(client.send({ topic: 'logs', messages: [{ value: 'late' }] })).rejects.toThrow();
    expect(attempts).not.toEqual([]);
    expect(cluster.requests.Metadata).toBe(0);
    await client.disconnect();
  });

  it('refuses clients that do not authenticate, and mechanisms it does not know', async () => {
    await start(() => true);
    await expect(sendOne({ retry: { retries: 0 } })).rejects.toThrow();
    const scram: SASLOptions = { mechanism: 'scram-sha-256', username: 'me', password: 'x' };
    await expect(sendOne({ sasl: scram })).rejects.toMatchObject({ type: 'UNSUPPORTED_SASL_MECHANISM' });
    expect(cluster.requests.Metadata).toBe(0);
  });

  it('refuses to authenticate where it is not asked for', async () => {
    cluster = await BrokerCluster.start({ topics: { logs: 1 } });
    const sasl: SASLOptions = { mechanism: 'plain', username: 'me', password: 'right' };
    await expect(sendOne({ sasl, retry: { retries: 0 } })).rejects.toThrow(/SASL state/);
    expect([cluster.requests.SaslHandshake, cluster.requests.SaslAuthenticate]).toEqual([1, 0]);
  });
});

describe('TLS', () => {
  it('takes a client that trusts the certificate', async () => {
    cluster = await BrokerCluster.start({ topics: { logs: 1 }, tls: SPEC_TLS });
    await sendOne({ ssl: { ca: SPEC_TLS.cert } });
    expect(cluster.values('logs')).toEqual(['hello']);
    await cluster.until(() => cluster.connections === 0);
  });

  it('stays mute before the handshake with silentConnections', async () => {
    cluster = await BrokerCluster.start({ topics: { logs: 1 }, tls: SPEC_TLS });
    cluster.silentConnections = true;
    await expect(
      sendOne({ ssl: { ca: SPEC_TLS.cert }, connectionTimeout: 100, retry: { retries: 0 } }),
    ).rejects.toThrow('Connection timeout');
  });

  it('survives bytes that are not encrypted', async () => {
    cluster = await BrokerCluster.start({ tls: SPEC_TLS });
    const raw = connect(Number(cluster.addresses[0]?.split(':')[1]), '127.0.0.1');
    const secure = connectSecurely({ socket: raw, host: '127.0.0.1', ca: SPEC_TLS.cert });
    secure.on('error', () => undefined);
    await EventEmitter.once(secure, 'secureConnect');
    raw.write('in plain text, after the handshake');
    await cluster.until(() => cluster.connections === 0);
  });

  it('survives one that does not', async () => {
    cluster = await BrokerCluster.start({ topics: { logs: 1 }, tls: SPEC_TLS });
    await expect(sendOne({ ssl: true, retry: { retries: 0 } })).rejects.toMatchObject({
      message: expect.stringContaining('self-signed certificate'),
    });
    await cluster.until(() => cluster.connections === 0);
  });
});
