import { KafkaTransportError, messageOf } from '../../errors.ts';
import type { PlatformaticClient } from './chosen.ts';

type Package = typeof import('@platformatic/kafka');

// `engines` of @platformatic/kafka 2.x. On an older Node it is imported without complaint, and fails with the first request
// (`Promise.withResolvers`, apis/callbacks.js).
const NODE_MAJOR = 22;
const NODE_MINOR = 22;

/** @throws KafkaTransportError where this Node is too old */
export function checkNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > NODE_MAJOR || (major === NODE_MAJOR && minor >= NODE_MINOR)) return;
  throw unusable(`@platformatic/kafka needs Node ${NODE_MAJOR}.${NODE_MINOR} or later; this is ${version}`);
}

/** @throws KafkaTransportError where it is not installed */
export async function loadPlatformatic(client: PlatformaticClient): Promise<Package> {
  let loaded: Package;
  try {
    loaded = (await client.load()) as Package;
  } catch (cause) {
    throw unusable(
      `the package @platformatic/kafka cannot be loaded (${messageOf(cause)}): npm install @platformatic/kafka@2`,
      cause,
    );
  }
  if (typeof loaded.Producer === 'function') return loaded;
  throw unusable(
    'what is installed as @platformatic/kafka has no Producer: npm install @platformatic/kafka@2',
  );
}

function unusable(why: string, cause?: unknown): KafkaTransportError {
  return new KafkaTransportError(
    'ERR_INVALID_OPTION',
    `winston-kafkajs: option "client" cannot be used: ${why}`,
    {
      option: 'client',
      cause,
    },
  );
}
