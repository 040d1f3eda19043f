// Which folder of lib may import which, and who may import which package. `node .ci/import-rules.js` writes it into
// lib/biome.json, as Biome wants it: for each folder, what it must not import. spec/docs/architecture.spec.ts fails where
// that file, the folders of lib, or the table in docs/architecture.md say something else.
import { readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const lib = new URL('../lib/', import.meta.url);

/**
 * @typedef {object} Folder
 * @property {string} name
 * @property {readonly string[]} [packages] of those below, the ones that it may import
 * @property {boolean} [isEntry] whether no other folder may import it
 * @property {readonly string[]} [files] of those directly in lib, the ones that it may import, beside errors.ts
 */

/** Each may import those above it. @type {readonly Folder[]} */
export const FOLDERS = [
  { name: 'time' },
  { name: 'util' },
  { name: 'protocol' },
  { name: 'loop-safety' },
  { name: 'sampling' },
  { name: 'record' },
  { name: 'formats', isEntry: true },
  { name: 'client-log', packages: ['kafkajs'] },
  { name: 'undelivered', packages: ['winston-transport'] },
  { name: 'spool' },
  { name: 'accumulator' },
  { name: 'clients', packages: ['kafkajs', '@platformatic/kafka'] },
  { name: 'sender' },
  { name: 'worker-thread', packages: ['kafkajs'] },
  { name: 'loop-detector' },
  { name: 'observe' },
  { name: 'winston', packages: ['winston', 'winston-transport'] },
  { name: 'process' },
  { name: 'options', packages: ['kafkajs', 'winston-transport'] },
  { name: 'pipeline', isEntry: true },
  { name: 'command', isEntry: true, files: ['kafka-transport.ts'] },
];

const PACKAGES = ['kafkajs', '@platformatic/kafka', 'winston', 'winston-transport'];

/** Directly in lib: the entries, and what they are made of. All may import this one. */
const FOR_ALL = ['errors.ts'];

/** @param {Folder} folder @param {number} at @returns {string[]} what it must not import */
function refusedTo({ name, packages = [], files = [] }, at) {
  const folders = FOLDERS.filter((other, index) => index > at || (other.isEntry && other.name !== name));
  const topFiles = readdirSync(lib).filter((file) => file.endsWith('.ts') && !FOR_ALL.includes(file));
  return [
    ...folders.map((other) => `**/${other.name}/**`),
    ...topFiles.filter((file) => !files.includes(file)).map((file) => `**/${file}`),
    ...PACKAGES.filter((one) => !packages.includes(one)),
  ];
}

/** @returns {string} the text of lib/biome.json */
export function importRules() {
  const overrides = FOLDERS.map((folder, at) => {
    const patterns = [
      { group: refusedTo(folder, at), message: 'Imports go one way: see docs/architecture.md.' },
    ];
    const noRestrictedImports = { level: 'error', options: { patterns } };
    return { includes: [`${folder.name}/**`], linter: { rules: { style: { noRestrictedImports } } } };
  });
  // A line for each folder: what changes is then seen in a diff.
  const lines = overrides.map((override) => `    ${JSON.stringify(override)}`).join(',\n');
  return `{\n  "root": false,\n  "extends": "//",\n  "overrides": [\n${lines}\n  ]\n}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(new URL('biome.json', lib), importRules());
