import * as nodeModule from 'node:module';
import { join } from 'node:path';

type Version = (options: unknown) => { request: unknown };

interface Definition {
  readonly versions: readonly string[];
  protocol(wanted: { version: number | string }): Version;
}

// What kafkajs 2.2.4 keeps its requests in (src/protocol/requests/index.js), by name and folder: those of a producer.
const REQUESTS = 'kafkajs/src/protocol/requests';
const FOLDERS = {
  ApiVersions: 'apiVersions',
  Metadata: 'metadata',
  Produce: 'produce',
  InitProducerId: 'initProducerId',
  SaslHandshake: 'saslHandshake',
  SaslAuthenticate: 'saslAuthenticate',
} as const;

/** The requests that have been seen to: a test file may make many transports. */
const seenTo = new WeakSet<object>();

/**
 * Has kafkajs load ahead, under Jest, what it would load when it sends. Each of its requests calls `require` for its two
 * files, every time (src/protocol/requests/produce/index.js). Jest refuses that once a test file has ended, also for what
 * is loaded, and sets the exit code to 1 (jest-runtime, `requireModuleOrMock`): the suite would have passed, and fail for a
 * record that was still on its way. Only the newest version of each request is kept, which every broker since Kafka 1.0 has.
 *
 * Takes 6 to 9 ms of a test file, when it makes its first transport (Node 20). Outside of Jest it does nothing.
 */
export function loadAheadUnderJest(): void {
  if (process.env.JEST_WORKER_ID === undefined) return;
  try {
    // Not by its name: webpack follows that, and warns of paths which it cannot tell.
    const createRequire = Reflect.get(nodeModule, 'createRequire') as typeof nodeModule.createRequire;
    const load = createRequire(typeof __filename === 'string' ? __filename : join(process.cwd(), 'any'));
    const { requests } = load(`${REQUESTS}/index.js`) as { requests: Record<string, Definition> };
    if (seenTo.has(requests)) return;
    seenTo.add(requests);
    for (const [name, folder] of Object.entries(FOLDERS)) {
      const definition = requests[name];
      if (definition !== undefined) keepNewest(definition, `${REQUESTS}/${folder}`, load);
    }
  } catch {
    // A kafkajs that is laid out in another way, or a stand-in for it: it is left as it is.
  }
}

function keepNewest(definition: Definition, folder: string, load: (path: string) => unknown): void {
  const newest = definition.versions.at(-1);
  if (newest === undefined) return;
  const protocol = definition.protocol.bind(definition);
  const makeRequest = load(`${folder}/v${newest}/request`) as (options: unknown) => unknown;
  // Once in its own way, for what it says beside the request.
  const sample = protocol({ version: newest })({});
  const kept: Version = (options) => ({ ...sample, request: makeRequest(options) });
  definition.protocol = (wanted) => (String(wanted.version) === newest ? kept : protocol(wanted));
}
