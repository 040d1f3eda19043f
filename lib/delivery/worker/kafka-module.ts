import type { CompressionTypes, KafkaConfig } from 'kafkajs';
import { messageOf } from '../../errors.ts';
import { CompressionCodecs } from '../kafkajs.ts';
import { importModule } from './import-module.ts';

/**
 * The `KafkaConfig` that a module exports as default; as `module.exports` or `exports.default`, too.
 *
 * @throws an error that names the module
 */
export async function loadKafkaConfig(url: string): Promise<KafkaConfig> {
  let loaded: { default?: unknown };
  try {
    loaded = await importModule(url);
  } catch (error) {
    throw new Error(`kafkaModule ${url} cannot be loaded: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const exported = loaded.default as { default?: unknown } | undefined;
  const config = (exported?.default ?? exported) as Partial<KafkaConfig> | undefined;
  if (!Array.isArray(config?.brokers) && typeof config?.brokers !== 'function') {
    throw new Error(`kafkaModule ${url} has no default export with "brokers"`);
  }
  return { ...config, brokers: config.brokers };
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
