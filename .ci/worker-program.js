// The program of the shipping thread as one text, made of lib/worker-thread/entry.ts. The library carries it along as a
// string, so it is there wherever the library is: in a bundle too, which is one file and cannot name another. Used by the
// build and by the specs.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';
import { withShortLocals } from './short-locals.js';

const root = fileURLToPath(new URL('..', import.meta.url));

// A codec that a `kafkaModule` registers is one of the application's kafkajs, so that one is used where the main thread has
// found it. Where it has not, because the application is one file that was moved elsewhere, the copy in the text is used;
// also where it cannot be loaded in this thread, as with Yarn's Plug'n'Play, which is a preload.
const KAFKAJS = `
const { createRequire } = require('node:module');
const { workerData } = require('node:worker_threads');
const path = workerData?.winstonKafkajs?.kafkajs;
const found = () => {
  try {
    return createRequire(path)(path);
  } catch (error) {
    if (!String(error?.message).startsWith("Cannot find module '" + path + "'")) throw error;
  }
};
module.exports = (path === undefined ? undefined : found()) ?? require('kafkajs-copy');
`;

/** @type {import('esbuild').Plugin} */
const kafkajsOfTheApplication = {
  name: 'kafkajs-of-the-application',
  setup({ onResolve, onLoad, resolve }) {
    onLoad({ filter: /load-kafkajs\.ts$/ }, () => ({
      contents: "export const loadKafkajs = () => require('kafkajs');",
      resolveDir: root,
    }));
    onResolve({ filter: /^kafkajs$/ }, ({ pluginData }) =>
      pluginData?.isCopy ? undefined : { path: 'kafkajs', namespace: 'application' },
    );
    onResolve({ filter: /^kafkajs-copy$/ }, () =>
      resolve('kafkajs', { kind: 'require-call', resolveDir: root, pluginData: { isCopy: true } }),
    );
    onLoad({ filter: /.*/, namespace: 'application' }, () => ({ contents: KAFKAJS, resolveDir: root }));
  },
};

// What a producer has no use for is left out of the copy: consumers, the admin client, and the requests that only these send.
const OF_A_PRODUCER = [
  'apiVersions',
  'initProducerId',
  'metadata',
  'produce',
  'saslAuthenticate',
  'saslHandshake',
];

/** @type {import('esbuild').Plugin} */
const producerOnly = {
  name: 'producer-only',
  setup({ onLoad }) {
    onLoad({ filter: /\/kafkajs\/src\/(consumer|admin)\// }, () => ({ contents: 'module.exports = {};' }));
    // kafkajs has no version of some requests itself (src/protocol/requests/index.js).
    onLoad({ filter: /\/kafkajs\/src\/protocol\/requests\/\w+\/index\.js$/ }, ({ path }) =>
      OF_A_PRODUCER.includes(path.split('/').at(-2) ?? '')
        ? undefined
        : { contents: 'module.exports = { versions: [] };' },
    );
  },
};

/**
 * The text, packed: a fifth of its size, in characters that need no escape. `lib/clients/worker/worker-program.ts` unpacks it.
 *
 * @returns {Promise<string>}
 */
export async function packedWorkerProgram() {
  const { outputFiles } = await build({
    entryPoints: [`${root}lib/worker-thread/entry.ts`],
    // The names of files are in the text, and are to be the same wherever it is made.
    absWorkingDir: root,
    preserveSymlinks: true,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    // The names stay: they are what a stack in a `warn` shows.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'error',
    write: false,
    plugins: [kafkajsOfTheApplication, producerOnly],
  });
  const program = await withShortLocals(outputFiles[0].text);
  return brotliCompressSync(program).toString('base64');
}

/** Whoever ships a copy of kafkajs has to ship this beside it. */
export function kafkajsLicence() {
  const { version } = JSON.parse(readFileSync(`${root}node_modules/kafkajs/package.json`, 'utf8'));
  return `kafkajs ${version}\n\n${readFileSync(`${root}node_modules/kafkajs/LICENSE`, 'utf8').trim()}`;
}
