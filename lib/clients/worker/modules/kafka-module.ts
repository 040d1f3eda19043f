import type { CompressionTypes, KafkaConfig } from 'kafkajs';
import { messageOf } from '../../../errors.ts';
import { BROKERS_RULE, readBrokers } from '../../kafkajs/brokers/broker-list.ts';
import { hasCodec } from '../../kafkajs/codecs.ts';
import { importDefault } from './import-default.ts';
import { importModule } from './import-module.ts';

/**
 * What the `--import` flags among these name. Node 20 to 26 run no such flag in a thread whose program is a text
 * (`eval: true`), so that the program does it itself. Where Node does too, a module still runs once.
 */
export function importsOf(execArgv: readonly string[]): string[] {
  return execArgv.flatMap((flag, at) => {
    if (flag === '--import') return execArgv.slice(at + 1, at + 2);
    return flag.startsWith('--import=') ? [flag.slice('--import='.length)] : [];
  });
}

/**
 * Imports them, one after the other, as Node would: what is relative counts from the working directory.
 *
 * @throws an error that names the module
 */
export async function importAll(modules: readonly string[]): Promise<void> {
  for (const module of modules) {
    try {
      await importModule(module);
    } catch (error) {
      const text = `--import ${module} of workerOptions.execArgv cannot be loaded: ${messageOf(error)}`;
      throw new Error(text, { cause: error });
    }
  }
}

/**
 * The `KafkaConfig` that a module exports as default; as `module.exports` or `exports.default`, too.
 *
 * @throws an error that names the module
 */
export async function loadKafkaConfig(url: string): Promise<KafkaConfig> {
  let exported: unknown;
  try {
    exported = await importDefault(url);
  } catch (error) {
    throw new Error(`kafkaModule ${url} cannot be loaded: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const config = exported as Partial<KafkaConfig> | undefined;
  if (config?.brokers === undefined)
    throw new Error(`kafkaModule ${url} has no default export with "brokers"`);
  if (typeof config.brokers === 'function') return { ...config, brokers: config.brokers };
  const { brokers, problem } = readBrokers(config.brokers);
  if (problem === undefined) return { ...config, brokers };
  throw new Error(`"brokers" in kafkaModule ${url} must be ${BROKERS_RULE}; given was ${problem}`);
}

/**
 * A codec may be registered in the main thread, and not in the worker: then every record would be rejected, one by one.
 *
 * @throws an error that says where to register it
 */
export function checkCodec(compression: CompressionTypes | undefined): void {
  if (compression === undefined || hasCodec(compression)) return;
  throw new Error(
    'the worker thread has no codec for "compression": register it in CompressionCodecs in a "kafkaModule"',
  );
}
