import { describe, expect, it } from 'vitest';
import { isSecretName, withoutSecrets } from '../../lib/util/secret-names.ts';

describe('withoutSecrets', () => {
  it.each([
    ['login with password=hunter2 failed', 'login with password=*** failed'],
    ['sasl.password: hunter2', 'sasl.password: ***'],
    ['{"password":"hun ter2","broker":"b"}', '{"password":***,"broker":"b"}'],
    ['{"password":"hun\\"ter2","broker":"b"}', '{"password":***,"broker":"b"}'],
    ['"{\\"password\\":\\"hun ter2\\",\\"a\\":1}"', '"{\\"password\\":***,\\"a\\":1}"'],
    ["passwd='hun ter2' user=x", 'passwd=*** user=x'],
    ['password="hunter2 never ends', 'password=***'],
    ['AWS_SECRET_ACCESS_KEY=abc', 'AWS_SECRET_ACCESS_KEY=***'],
    ['Authorization: Basic aGk6aGk=', 'Authorization: ***'],
    ['authorization=Bearer abc.def', 'authorization=***'],
    ['sent Bearer eyJhbGciOiJIUzI1NiJ9.e30', 'sent Bearer ***'],
    ['http://user:hunter2@registry:8081/x', 'http://***@registry:8081/x'],
    // As `new URL` reads it: the last one ends the login.
    ['http://user:hun@ter2@registry:8081/a@b', 'http://***@registry:8081/a@b'],
  ])('%j becomes %j', (text, expected) => {
    expect(withoutSecrets(text)).toBe(expected);
  });

  it.each([
    'Connection error: connect ECONNREFUSED 127.0.0.1:9092',
    'SASL PLAIN authentication failed',
    'the token has expired',
    'bearer authentication failed',
    'see https://kafka.js.org/docs/retry',
  ])('leaves %j alone', (text) => {
    expect(withoutSecrets(text)).toBe(text);
  });

  it('takes no more than a moment for a text made to be slow', () => {
    const started = performance.now();
    for (const part of ['password', 'password=\\"', 'bearer ', '://a', '://@', '"\\', 'token   ']) {
      withoutSecrets(part.repeat(4_000).slice(0, 4_000));
    }
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe('isSecretName', () => {
  it.each([
    'password',
    'userPassword',
    'passwd',
    'pass',
    'token',
    'sessionToken',
    'secretAccessKey',
    'sasl',
    'Authorization',
    'apiKey',
    'api_key',
    'credentials',
    'privateKey',
  ])('holds %s back', (key) => expect(isSecretName(key)).toBe(true));
  it.each([
    'broker',
    'clientId',
    'error',
    'retryCount',
    'groupId',
    'topic',
    'partition',
    'correlationId',
    'passed',
    'key',
  ])('lets %s through', (key) => expect(isSecretName(key)).toBe(false));
});
