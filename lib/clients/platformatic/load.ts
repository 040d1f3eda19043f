import { KafkaTransportError, messageOf } from '../../errors.ts';
import { rootCause } from '../../util/root-cause.ts';
import type { PlatformaticClient } from './client-option.ts';

type Package = typeof import('@platformatic/kafka');

// `engines` of @platformatic/kafka 2.x. On an older Node it is imported without complaint, and fails with the first request
// (`Promise.withResolvers`, apis/callbacks.js).
const NODE_MAJOR = 22;
const NODE_MINOR = 22;

const INSTALL = 'npm install @platformatic/kafka@2';
// It reads a file beside it (@platformatic/wasm-utils, dist/index.js), and makes a `require` for the place where it is
// (registries/confluent-schema-registry.js): a bundle has neither, unless the bundler sees to it.
const OF_A_BUNDLE =
  'where it is part of a bundle, leave it out of that, as an external package (docs/clients.md, "In a bundle and under Jest")';
// What Node says of an import, by its code.
const REMEDIES: Readonly<Record<string, string>> = {
  ERR_MODULE_NOT_FOUND: INSTALL,
  MODULE_NOT_FOUND: INSTALL,
  // Jest runs an application in a context of its own (`vm`).
  ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING_FLAG: 'start Jest with NODE_OPTIONS=--experimental-vm-modules',
};

/** @throws KafkaTransportError where this Node is too old */
export function checkNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > NODE_MAJOR || (major === NODE_MAJOR && minor >= NODE_MINOR)) return;
  throw unusable(`@platformatic/kafka needs Node ${NODE_MAJOR}.${NODE_MINOR} or later; this is ${version}`);
}

/** @throws KafkaTransportError where it is not installed, or cannot be imported */
export async function loadPlatformatic(client: PlatformaticClient): Promise<Package> {
  let loaded: Package;
  try {
    loaded = (await client.load()) as Package;
  } catch (cause) {
    throw unusable(
      `the package @platformatic/kafka cannot be loaded (${messageOf(cause)}): ${remedyFor(cause)}`,
      cause,
    );
  }
  if (typeof loaded.Producer === 'function') return loaded;
  throw unusable(`what is installed as @platformatic/kafka has no Producer: ${INSTALL}`);
}

function remedyFor(cause: unknown): string {
  const { code } = rootCause(cause);
  return REMEDIES[String(code)] ?? OF_A_BUNDLE;
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
