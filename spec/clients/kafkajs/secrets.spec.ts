import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { Secrets } from '../../../lib/clients/kafkajs/secrets.ts';

function secretsOf(...values: string[]): Secrets {
  const secrets = new Secrets();
  for (const value of values) secrets.add(value);
  return secrets;
}

it.each([
  ['the password is hunter2', 'the password is ***', ['hunter2']],
  ['hunter2hunter2', '******', ['hunter2']],
  ['a+b (c) [d]', '*** ***', ['a+b', '(c) [d]']],
  ['as far as a goes', 'as far as *** goes', ['a']],
  ['nothing', 'nothing', ['']],
])('%j is shown as %j', (text, shown, values) => {
  expect(secretsOf(...values).hide(text)).toBe(shown);
});

it('every secret of the configuration is hidden, and nothing else', () => {
  const secrets = new Secrets();
  secrets.addFrom({
    brokers: [],
    ssl: { passphrase: 'pass-phrase', key: 'the-key', ca: ['the-authority'] },
    sasl: {
      mechanism: 'aws',
      authorizationIdentity: 'identity',
      accessKeyId: 'access-key',
      secretAccessKey: 'secret-access',
      sessionToken: 'session-token',
    },
  });
  expect(secrets.hide('pass-phrase the-key the-authority access-key secret-access session-token')).toBe(
    '*** *** the-authority access-key *** ***',
  );
});

it('an error without a secret stays as it is; of one that has it, wherever, what matters stays', () => {
  const secrets = secretsOf('hunter2');
  const harmless = new Error('no');
  expect(secrets.cleaned(harmless)).toBe(harmless);
  const cause = Object.assign(new Error('hunter2 is wrong'), {
    name: 'KafkaJSProtocolError',
    type: 'T',
    code: 58,
  });
  const clean = secrets.cleaned(new Error('it failed', { cause }));
  expect(clean).toMatchObject({ message: 'it failed', name: 'KafkaJSProtocolError', type: 'T', code: 58 });
  expect(inspect(clean, { depth: 9, showHidden: true })).not.toContain('hunter2');
  expect(secrets.cleaned('thrown text with hunter2')).toMatchObject({ message: 'thrown text with ***' });
});

it('no more than the last secrets are remembered', () => {
  const secrets = new Secrets();
  for (let n = 0; n < 1_000; n++) secrets.add(`token-${n}-`);
  expect(secrets.hide('token-999- token-0-')).toBe('*** token-0-');
});
