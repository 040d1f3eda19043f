import type { CompressionTypes, KafkaConfig } from 'kafkajs';
import { BROKERS_RULE, readBrokers } from '../../broker-list.ts';
import { messageOf } from '../../errors.ts';
import { CompressionCodecs } from '../kafkajs.ts';

/**
 * The `KafkaConfig` that a module exports as default; as `module.exports` or `exports.default`, too.
 *
 * @throws an error that names the module
 */
export async function loadKafkaConfig(url: string): Promise<KafkaConfig> {
  let loaded: { default?: unknown };
  try {
    loaded = await import(url);
  } catch (error) {
    throw new Error(`kafkaModule ${url} cannot be loaded: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const exported = loaded.default as { default?: unknown } | undefined;
  const config = (exported?.default ?? exported) as Partial<KafkaConfig> | undefined;
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
  if (compression === undefined || compression === 0) return;
  try {
    (CompressionCodecs as Record<number, () => unknown>)[compression]?.();
  } catch (error) {
    throw new Error(
      'the worker thread has no codec for "compression": register it in CompressionCodecs in a "kafkaModule"',
      { cause: error },
    );
  }
}
