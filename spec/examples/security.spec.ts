import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SaslAttempt } from '../../testing/broker/broker-cluster.ts';
import { SPEC_TLS } from '../../testing/broker/spec-tls.ts';
import { runExample, SUCCESS } from './example.ts';
import { ordersIn, startBroker, upTo } from './topic.ts';

/** The authority that signed the stand-in's certificate: itself. */
function authority(): string {
  const directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-ca-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'ca.pem');
  writeFileSync(file, SPEC_TLS.cert);
  return file;
}

describe('SASL SCRAM', () => {
  const credentials = { KAFKA_USERNAME: 'shop', KAFKA_PASSWORD: 'a-good-password' };

  it('delivers all', async () => {
    const cluster = await startBroker({ tls: SPEC_TLS, scram: { shop: credentials.KAFKA_PASSWORD } });
    const env = { KAFKA_BROKERS: cluster.addresses[0], KAFKA_CA: authority(), ...credentials };
    const program = await runExample('kafka-scram', env);
    expect(await program.exit, program.output).toEqual(SUCCESS);
    expect(ordersIn(cluster)).toEqual(upTo(10));
    expect(cluster.requests.SaslAuthenticate).toBeGreaterThan(0);
    expect(program.stderr).toBe('');
  });

  it('says that the password is wrong, and does not tell it', async () => {
    const cluster = await startBroker({ tls: SPEC_TLS, scram: { shop: 'another-password' } });
    const env = { KAFKA_BROKERS: cluster.addresses[0], KAFKA_CA: authority(), ...credentials };
    const program = await runExample('kafka-scram', env);
    expect(await program.exit, program.output).toEqual(SUCCESS);
    expect(ordersIn(cluster)).toEqual([]);
    expect(program.stderr).toMatch(/invalid credentials.*kafka\.sasl/s);
    expect(program.output).not.toContain(credentials.KAFKA_PASSWORD);
  });
});

it('SASL OAUTHBEARER, with client credentials, delivers all', async () => {
  const asked: unknown[] = [];
  const endpoint = createServer(async (request, response) => {
    asked.push([request.headers.authorization, Object.fromEntries(new URLSearchParams(await text(request)))]);
    response.end(JSON.stringify({ access_token: `token-${asked.length}`, expires_in: 300 }));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void endpoint.close());
  await once(endpoint, 'listening');
  const { port } = endpoint.address() as AddressInfo;
  const attempts: SaslAttempt[] = [];
  const sasl = (attempt: SaslAttempt): boolean => {
    attempts.push(attempt);
    return attempt.mechanism === 'OAUTHBEARER' && attempt.token === `token-${attempts.length}`;
  };
  const cluster = await startBroker({ tls: SPEC_TLS, sasl });
  const program = await runExample('kafka-oauthbearer', {
    KAFKA_BROKERS: cluster.addresses[0],
    KAFKA_CA: authority(),
    TOKEN_URL: `http://127.0.0.1:${port}/token`,
    CLIENT_ID: 'shop',
    CLIENT_SECRET: 'secret',
  });
  expect(await program.exit, program.output).toEqual(SUCCESS);
  expect(ordersIn(cluster)).toEqual(upTo(10));
  // "shop:secret"
  const asksFor = ['Basic c2hvcDpzZWNyZXQ=', { grant_type: 'client_credentials', scope: 'kafka' }];
  expect(asked).toEqual(attempts.map(() => asksFor));
  expect(asked.length).toBeGreaterThan(0);
});

it('Amazon MSK with IAM gets a token that is signed offline', async () => {
  const tokens: string[] = [];
  const sasl = (attempt: SaslAttempt): boolean => {
    if (attempt.mechanism === 'OAUTHBEARER') tokens.push(attempt.token);
    return attempt.mechanism === 'OAUTHBEARER';
  };
  const cluster = await startBroker({ tls: SPEC_TLS, sasl });
  const program = await runExample('kafka-msk-iam', {
    KAFKA_BROKERS: cluster.addresses[0],
    NODE_EXTRA_CA_CERTS: authority(),
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'a-secret-of-nobody',
    AWS_EC2_METADATA_DISABLED: 'true',
  });
  expect(await program.exit, program.output).toEqual(SUCCESS);
  expect(ordersIn(cluster)).toEqual(upTo(10));
  expect(tokens.length).toBeGreaterThan(0);
  const { hostname, searchParams } = new URL(Buffer.from(tokens[0] ?? '', 'base64url').toString());
  expect(hostname).toBe('kafka.eu-west-1.amazonaws.com');
  expect(Object.fromEntries(searchParams)).toMatchObject({
    Action: 'kafka-cluster:Connect',
    'X-Amz-Credential': expect.stringMatching(/^AKIDEXAMPLE\/\d{8}\/eu-west-1\/kafka-cluster\/aws4_request$/),
    'X-Amz-Expires': '900',
    'X-Amz-Signature': expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});
