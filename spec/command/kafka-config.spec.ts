// Which Kafka a command asks: by its flags, the environment and a module.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandLine } from '../../lib/command/command-line.ts';
import { kafkaConfig } from '../../lib/command/kafka-config.ts';
import { directory } from './spool-rig.ts';

const CLIENT = { clientId: 'winston-kafkajs-command' };
const BROKERS = ['--brokers', 'a:1'];

const configOf = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  kafkaConfig(commandLine('tail', args), env);

const failureOf = (args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> =>
  configOf(args, env).then(String, ({ message }) => message);

/** A file with this text. */
function file(name: string, text: string): string {
  const path = join(directory(), name);
  writeFileSync(path, text);
  return path;
}

describe('TLS', () => {
  it('is what the environment says, or the module; and on by --ssl', async () => {
    const config = file('kafka.mjs', "export default { brokers: ['a:1'], ssl: { servername: 'b' } };");
    expect(await configOf(BROKERS)).toEqual({ ...CLIENT, brokers: ['a:1'] });
    expect(await configOf([...BROKERS, '--ssl'])).toMatchObject({ ssl: true });
    expect(await configOf([...BROKERS, '--ssl'], { KAFKA_SSL: 'false' })).toMatchObject({ ssl: true });
    expect(await configOf(BROKERS, { KAFKA_SSL: 'true' })).toMatchObject({ ssl: true });
    expect(await configOf(['--config', config, '--ssl'])).toMatchObject({ ssl: { servername: 'b' } });
    expect(await configOf(['--config', config], { KAFKA_SSL: 'false' })).toMatchObject({ ssl: false });
    expect(await failureOf(BROKERS, { KAFKA_SSL: 'yes' })).toBe('KAFKA_SSL must be true or false.');
  });

  it('takes the certificate of an authority, unless it is off', async () => {
    const KAFKA_SSL_CA = file('ca.pem', 'a certificate');
    expect(await configOf(BROKERS, { KAFKA_SSL_CA })).toMatchObject({ ssl: { ca: 'a certificate' } });
    expect(await configOf(BROKERS, { KAFKA_SSL_CA, KAFKA_SSL: 'false' })).toMatchObject({ ssl: false });
    expect(await failureOf(BROKERS, { KAFKA_SSL_CA: `${KAFKA_SSL_CA}.not` })).toMatch(
      'KAFKA_SSL_CA must name a PEM file: ENOENT',
    );
  });
});

it('a log-in needs a user and a password, and may have a mechanism', async () => {
  const login = { KAFKA_SASL_USERNAME: 'shop', KAFKA_SASL_PASSWORD: 'secret' };
  const of = (mechanism: string) => ({ sasl: { mechanism, username: 'shop', password: 'secret' } });
  expect(await configOf(BROKERS, login)).toMatchObject(of('plain'));
  const scram = { ...login, KAFKA_SASL_MECHANISM: 'scram-sha-256' };
  expect(await configOf(BROKERS, scram)).toMatchObject(of('scram-sha-256'));
  expect(await failureOf(BROKERS, { KAFKA_SASL_MECHANISM: 'plain' })).toBe(
    'KAFKA_SASL_MECHANISM needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD.',
  );
});

it('a module may have a function for the brokers, which is asked', async () => {
  const config = file('kafka.mjs', "export default { brokers: async () => 'a:1, b:2' };");
  expect(await configOf(['--config', config])).toEqual({ ...CLIENT, brokers: ['a:1', 'b:2'] });
  expect(await failureOf(['--config', file('list.mjs', 'export default [];')], {})).toMatch(
    "must have kafkajs's KafkaConfig as its default export.",
  );
});
