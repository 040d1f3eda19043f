import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BROKERS_RULE, readBrokers } from '../clients/kafkajs/brokers/broker-list.ts';
import type { KafkaConfig } from '../clients/kafkajs/inspector.ts';
import { importDefault } from '../clients/worker/modules/import-default.ts';
import { messageOf } from '../errors.ts';
import { isPlainObject } from '../util/check-option.ts';
import type { CommandLine } from './command-line.ts';
import { UsageError } from './usage-error.ts';

/** From the command line before the environment, and the environment before the module. @throws UsageError */
export async function kafkaConfig(
  { texts, flags }: CommandLine,
  environment: NodeJS.ProcessEnv,
): Promise<KafkaConfig> {
  // Containers get an empty variable where there is nothing to set.
  const env = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const fromModule = texts.config === undefined ? {} : await configOf(texts.config);
  const config = { clientId: 'winston-kafkajs-command', ...fromModule, ...fromEnvironment(env) };
  if (flags.ssl && !config.ssl) config.ssl = true;
  const given = texts.brokers ?? env.KAFKA_BROKERS ?? fromModule.brokers;
  if (given === undefined)
    throw new UsageError('No brokers: give --brokers host:port, KAFKA_BROKERS, or a --config module.');
  const answered = typeof given === 'function' ? await given() : given;
  const { brokers, problem } = readBrokers(answered);
  if (problem !== undefined) throw new UsageError(`The brokers must be ${BROKERS_RULE}; given: ${problem}.`);
  return { ...config, brokers };
}

async function configOf(path: string): Promise<Partial<KafkaConfig>> {
  let config: unknown;
  try {
    config = await importDefault(pathToFileURL(resolve(path)).href);
  } catch (error) {
    throw new UsageError(`--config ${path} cannot be loaded: ${messageOf(error)}`);
  }
  if (!isPlainObject(config)) {
    throw new UsageError(`--config ${path} must have kafkajs's KafkaConfig as its default export.`);
  }
  return config as Partial<KafkaConfig>;
}

function fromEnvironment(env: NodeJS.ProcessEnv): Partial<KafkaConfig> {
  const { KAFKA_CLIENT_ID: clientId, KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = env;
  const ssl = sslOf(env);
  if ((username === undefined) !== (password === undefined))
    throw new UsageError(
      'KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD belong together: one of them is missing.',
    );
  const mechanism = env.KAFKA_SASL_MECHANISM ?? 'plain';
  if (env.KAFKA_SASL_MECHANISM !== undefined && username === undefined)
    throw new UsageError('KAFKA_SASL_MECHANISM needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD.');
  return {
    ...(clientId !== undefined && { clientId }),
    ...(ssl !== undefined && { ssl }),
    // What kafkajs does not know it refuses when it connects, and says so.
    ...(username !== undefined && {
      sasl: { mechanism, username, password } as KafkaConfig['sasl'] & object,
    }),
  };
}

function sslOf({ KAFKA_SSL: flag, KAFKA_SSL_CA: caFile }: NodeJS.ProcessEnv): KafkaConfig['ssl'] | undefined {
  if (flag !== undefined && flag !== 'true' && flag !== 'false')
    throw new UsageError('KAFKA_SSL must be true or false.');
  if (flag === 'false') return false;
  if (caFile === undefined) return flag === undefined ? undefined : true;
  try {
    return { ca: readFileSync(caFile, 'utf8') };
  } catch (error) {
    throw new UsageError(`KAFKA_SSL_CA must name a PEM file: ${messageOf(error)}`);
  }
}
