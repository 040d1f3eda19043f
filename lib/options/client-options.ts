import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { KafkaConfig, logLevel as LogLevel, logCreator } from 'kafkajs';
import { type ClientLogOptions, consoleOnlyLogCreator } from '../client-log/console-only.ts';
import { kafkajsLevel } from '../client-log/levels.ts';
import { withoutOutages } from '../client-log/without-outages.ts';
import type { ClientOptions } from '../clients/client-source.ts';
import { BROKERS_RULE, readBrokers } from '../clients/kafkajs/brokers/broker-list.ts';
import { isPlatformaticClient, type PlatformaticClient } from '../clients/platformatic/client-option.ts';
import { checkTranslatable } from '../clients/platformatic/kafka-options.ts';
import { checkNode } from '../clients/platformatic/load.ts';
import { PRODUCER_RULE, producerProblem } from '../clients/producer-rule.ts';
import { checkWorkerCanStart } from '../clients/worker/worker-program.ts';
import {
  group,
  integer,
  isPlainObject,
  optionalFunction,
  refuseInWords,
  stringHint,
  throwInvalidOption,
} from '../util/check-option.ts';
import { isObject } from '../util/safely.ts';
import type { CheckedOptions } from './options-table.ts';

export const WORKER_OPTIONS = ['execArgv'] as const;

/** Those of kafkajs's options that are milliseconds. */
export const KAFKA_TIMEOUTS = ['connectionTimeout', 'authenticationTimeout', 'requestTimeout'] as const;

/** Of a producer that was handed in, its own is the default. */
export const DEFAULT_ACKS = -1;

const MODULE_RULE = 'the path or the file: URL of a module';
const LEFT_OUT = 'left out with worker: true, because';
const STAYS_HERE =
  'cannot be handed to another thread; move the configuration to a module, and give its path as "kafkaModule"';

/** What the options say about the client, together: each of them is checked. */
export function resolveClient(given: CheckedOptions): ClientOptions {
  const { kafka, kafkaModule, producer, worker: isWorker, acks, idempotent, clientLog } = given;
  if (kafka === undefined && kafkaModule === undefined && producer === undefined) {
    throwInvalidOption(
      'kafka',
      'given, such as { brokers: [\'localhost:9092\'] }; or instead of it "producer" (a client of your own), or "kafkaModule" (with worker: true)',
      kafka,
    );
  }
  if (producer !== undefined && (kafka ?? kafkaModule) !== undefined) {
    const name = kafka === undefined ? 'kafkaModule' : 'kafka';
    throwInvalidOption(
      name,
      `left out with "producer": the transport ships through your producer, or makes a client of "${name}". Leave one of them out`,
      given[name],
    );
  }
  if (idempotent && acks === 1) {
    throwInvalidOption(
      'acks',
      '-1 with idempotent: true (all in-sync replicas have to know of a batch)',
      acks,
    );
  }
  if (given.client !== undefined) checkFitsClient(given);
  if (producer !== undefined) {
    checkProducer(producer);
    if (isWorker) {
      throwInvalidOption(
        'producer',
        'left out with worker: true (it lives in this thread): give "kafka" instead',
        producer,
      );
    }
    if (idempotent)
      throwInvalidOption(
        'idempotent',
        'left out with a "producer" of your own: make that idempotent',
        idempotent,
      );
    return { kind: 'external', producer, acks };
  }
  const { client, fastPath, compressionLevel } = given;
  const own = { client, acks: acks ?? DEFAULT_ACKS, idempotent, fastPath, compressionLevel } as const;
  const execArgv = resolveExecArgv(given.workerOptions, isWorker);
  const creator = resolveLogCreator(clientLog);
  if (kafkaModule !== undefined) {
    if (kafka !== undefined)
      throwInvalidOption('kafkaModule', 'left out with "kafka": it takes its place', kafkaModule);
    const module = resolveModule(kafkaModule, isWorker);
    checkWorkerCanStart(execArgv);
    const logLevel = kafkajsLevel(clientLog?.level);
    return { ...own, kind: 'worker', kafka: module, execArgv, logCreator: creator, logLevel };
  }
  const config = checkedKafka(kafka);
  const log = { logCreator: config.logCreator ?? creator, logLevel: resolveLogLevel(config, clientLog) };
  if (client !== undefined) checkTranslatable(config);
  if (isWorker) {
    checkPortable('kafka', config);
    checkWorkerCanStart(execArgv);
  }
  // Last: what is wrong with an option is wrong on every Node.
  if (client !== undefined) checkNode(process.versions.node);
  if (isWorker) return { ...own, kind: 'worker', execArgv, kafka: config, ...log };
  return { ...own, kind: 'own', kafka: config, ...log };
}

export function checkedClient(path: string, client: unknown): PlatformaticClient | undefined {
  if (client === undefined || isPlatformaticClient(client)) return client;
  return throwInvalidOption(
    path,
    "what platformaticClient() of 'winston-kafkajs/platformatic' returns",
    client,
  );
}

/** Refuses what another client than kafkajs makes no sense or no promise with. */
function checkFitsClient({ client, producer, kafkaModule, idempotent }: CheckedOptions): void {
  if (producer !== undefined)
    throwInvalidOption('client', 'left out with a "producer" of your own: that is the client', client);
  if (kafkaModule !== undefined) {
    throwInvalidOption(
      'kafkaModule',
      'left out with client: platformaticClient(): give "kafka" instead',
      kafkaModule,
    );
  }
  if (idempotent) {
    throwInvalidOption(
      'idempotent',
      'left out with client: platformaticClient(): after a failed send @platformatic/kafka begins with a new producer id, so the broker would not know a batch that is sent again',
      idempotent,
    );
  }
}

function resolveExecArgv(workerOptions: unknown, isWorker: boolean): readonly string[] {
  if (workerOptions === undefined) return [];
  if (!isWorker) throwInvalidOption('workerOptions', 'left out without worker: true', workerOptions);
  const { execArgv } = group('workerOptions', workerOptions, WORKER_OPTIONS);
  if (execArgv === undefined) return [];
  const isList = Array.isArray(execArgv) && execArgv.every((flag) => typeof flag === 'string');
  if (!isList)
    throwInvalidOption('workerOptions.execArgv', "a list of Node's flags, each a string", execArgv);
  return [...execArgv];
}

/** The URL of the module that exports the configuration. */
function resolveModule(module: unknown, isWorker: boolean): URL {
  if (!isWorker) throwInvalidOption('kafkaModule', 'left out without worker: true: give "kafka"', module);
  const isUrl = module instanceof URL || (typeof module === 'string' && /^file:/i.test(module));
  if (!isUrl && (typeof module !== 'string' || module === ''))
    throwInvalidOption('kafkaModule', MODULE_RULE, module);
  const url = isUrl ? new URL(module) : pathToFileURL(resolve(module));
  return url.protocol === 'file:' ? url : throwInvalidOption('kafkaModule', MODULE_RULE, module);
}

/** Refuses what cannot be handed to another thread, wherever it stands in the configuration. */
function checkPortable(path: string, value: unknown, checked: Set<unknown> = new Set()): void {
  if (typeof value === 'function') throwInvalidOption(path, `${LEFT_OUT} a function ${STAYS_HERE}`, value);
  if (!isObject(value) || ArrayBuffer.isView(value) || checked.has(value)) return;
  checked.add(value);
  if (!Array.isArray(value) && !isPlainObject(value)) {
    throwInvalidOption(path, `${LEFT_OUT} an instance of a class ${STAYS_HERE}`, value);
  }
  for (const [name, inner] of Object.entries(value)) checkPortable(`${path}.${name}`, inner, checked);
}

/** Whoever asks for the client's lines gets all of them; by default the transport speaks for it where it can. */
function resolveLogCreator(clientLog: ClientLogOptions | undefined): logCreator {
  return clientLog === undefined ? withoutOutages(consoleOnlyLogCreator()) : consoleOnlyLogCreator(clientLog);
}

/**
 * kafkajs is told the level too, not only the sink: what nobody wants need not be put together. A `logCreator` of
 * the caller's keeps the `logLevel` that stands beside it, unless `clientLog.level` says otherwise.
 */
function resolveLogLevel(kafka: KafkaConfig, { level }: ClientLogOptions = {}): LogLevel {
  if (level === undefined && kafka.logCreator !== undefined && kafka.logLevel !== undefined)
    return kafka.logLevel;
  return kafkajsLevel(level);
}

export function checkedAcks(path: string, acks: unknown): -1 | 1 | undefined {
  if (acks === undefined || acks === -1 || acks === 1) return acks;
  if (acks === 0)
    throwInvalidOption(
      path,
      '-1 or 1 (with 0 the broker does not answer, so loss looks like delivery)',
      acks,
    );
  return throwInvalidOption(path, `-1 or 1${stringHint(acks)}`, acks);
}

function checkProducer(producer: unknown): void {
  if (typeof producer === 'function') return;
  const problem = producerProblem(producer);
  if (problem !== undefined) refuseInWords('producer', `${PRODUCER_RULE}, or a function`, problem);
}

/**
 * A copy, because every new client reads it. `ssl` and `sasl` stay the caller's: they may have getters, for credentials that
 * change.
 */
function checkedKafka(given: unknown): KafkaConfig {
  if (!isPlainObject(given)) throwInvalidOption('kafka', "an object: kafkajs's KafkaConfig", given);
  const kafka = { ...given } as unknown as KafkaConfig;
  for (const name of ['logCreator', 'socketFactory']) optionalFunction(`kafka.${name}`, given[name]);
  for (const name of KAFKA_TIMEOUTS) integer(`kafka.${name}`, given[name], 0, 1);
  if (typeof (given.clientId ?? '') !== 'string')
    throwInvalidOption('kafka.clientId', 'a text', given.clientId);
  const { ssl, sasl } = given as { ssl?: unknown; sasl?: { readonly mechanism?: unknown } };
  if (typeof ssl === 'string' && ssl !== '')
    throwInvalidOption(
      'kafka.ssl',
      "true, false or an object of TLS options (compare a string: value === 'true')",
      ssl,
    );
  if (sasl && typeof sasl.mechanism !== 'string')
    throwInvalidOption('kafka.sasl.mechanism', "a text, such as 'plain'", sasl.mechanism);
  // What a function answers is checked each time that it is asked.
  if (typeof kafka.brokers === 'function') return kafka;
  const { brokers, problem } = readBrokers(kafka.brokers);
  return problem === undefined
    ? { ...kafka, brokers }
    : refuseInWords('kafka.brokers', BROKERS_RULE, problem);
}
