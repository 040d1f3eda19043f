import { findSourceMap, type SourceMap } from 'node:module';
import nodePath from 'node:path';
import { fileURLToPath } from 'node:url';
import { BoundedMap } from '../../util/bounded-map.ts';

/** The packages between an application and the record that it logs: never the caller themselves. */
const LOGGING_PACKAGES: ReadonlySet<string> = new Set([
  'winston',
  'winston-transport',
  'winston-kafkajs',
  'logform',
  'readable-stream',
]);

const EXTENSION = /\.(?:[cm]?[jt]s|[jt]sx)$/;
const NODE_MODULES = 'node_modules/';

// Read once: an application that changes its directory later (daemons do) must not have its modules renamed under
// the filter tables that were written for them.
const WORKING_DIRECTORY = workingDirectory();

/** What is the same for every frame of one script, so worked out once per script. */
export interface ScriptFile {
  /** The plain path, a `node:` name, or '' where there is no file. */
  readonly path: string;
  readonly module: string;
  /** Part of the way from the log call to the transport, and so not the caller. */
  readonly isPassedOver: boolean;
  /** `undefined` without a source map, and where source maps are switched off. */
  readonly sourceMap: () => SourceMap | undefined;
}

const NO_FILE: ScriptFile = scriptFile('', false);

/** Code that is loaded again under new names (`import('./x.mjs?1')`, hot reload) must not be kept for ever. */
const MAX_FILES = 2_000;
const files = new BoundedMap<string, ScriptFile>(MAX_FILES);

/** @param name as V8 has it: a path, a `file:` URL, a `node:` name, or anything that a `vm.Script` was called */
export function fileOf(name: string | null | undefined): ScriptFile {
  if (name === null || name === undefined) return NO_FILE;
  let file = files.get(name);
  if (file === undefined) {
    file = describe(name);
    files.set(name, file);
  }
  return file;
}

/** The file that a source map names as the original; `undefined` where it is none on this machine. */
export function originalFile(source: string): ScriptFile | undefined {
  const file = fileOf(source);
  return file === NO_FILE ? undefined : file;
}

function describe(name: string): ScriptFile {
  if (name.startsWith('node:')) return scriptFile(name, name.startsWith('node:internal/'));
  const path = pathOf(name);
  if (path === '') return NO_FILE;
  return scriptFile(path, LOGGING_PACKAGES.has(packageOf(path)), name);
}

function scriptFile(path: string, isPassedOver: boolean, name = ''): ScriptFile {
  let map: SourceMap | undefined | null = name === '' ? undefined : null;
  return {
    path,
    module: moduleName(path, WORKING_DIRECTORY),
    isPassedOver,
    sourceMap: () => {
      // Looked up by V8's own name: it is how Node's cache is keyed.
      if (map === null) map = findSourceMap(name);
      return map;
    },
  };
}

/** '' for what is no file: `evalmachine.<anonymous>`, `webpack-internal:` and other inventions. */
function pathOf(name: string): string {
  try {
    const path = name.startsWith('file:') ? fileURLToPath(name) : name;
    return nodePath.isAbsolute(path) ? path : '';
  } catch {
    return '';
  }
}

/**
 * The name of a file as a module: its path from the working directory without extension, `package/path` under
 * `node_modules` (the innermost, for pnpm's sake), a `node:` name as it is. With '/' on every platform.
 */
export function moduleName(
  file: string,
  from: string,
  path: { relative(from: string, to: string): string; readonly sep: string } = nodePath,
): string {
  if (file === '' || file.startsWith('node:')) return file;
  const slashed = path.sep === '/' ? file : file.replaceAll(path.sep, '/');
  const packageAt = slashed.lastIndexOf(`/${NODE_MODULES}`);
  const name =
    packageAt >= 0 ? slashed.slice(packageAt + 1 + NODE_MODULES.length) : path.relative(from, file);
  return (path.sep === '/' ? name : name.replaceAll(path.sep, '/')).replace(EXTENSION, '');
}

function packageOf(file: string): string {
  const slashed = nodePath.sep === '/' ? file : file.replaceAll(nodePath.sep, '/');
  const at = slashed.lastIndexOf(`/${NODE_MODULES}`);
  if (at < 0) return '';
  // Of a package with a scope only that: none of those that are looked for has one.
  return slashed.slice(at + 1 + NODE_MODULES.length).split('/', 1)[0] ?? '';
}

function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    // The directory has been deleted.
    return nodePath.parse(process.execPath).root;
  }
}
