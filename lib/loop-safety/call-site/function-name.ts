/** The name of a function that has none. */
export const ANONYMOUS = '<anonymous>';
/** The name of a module's top-level code. */
export const MODULE = '<module>';

/** What of a V8 call site the name is found from. */
export type NamedFrame = Pick<
  NodeJS.CallSite,
  'getFunctionName' | 'isEval' | 'getEnclosingLineNumber' | 'getEnclosingColumnNumber'
>;

/** A name with something to take off it. Most have nothing, and are left alone. */
const DECORATED = /[.<\s]/;
const PREFIXES = /^(?:(?:async|bound|get|set|new) )+/;
/** The functions that esbuild and webpack wrap a module in are called after its file: `"src/db.js"(exports) {…}`. */
const BUNDLED_MODULE = /\/.*\.(?:[cm]?[jt]s|[jt]sx)$/;
/** No path of properties, although there may be a dot in it: `[Symbol.iterator]`, `'GET /v1.0/users'`. */
const NO_PATH = /[\s/[]/;

/**
 * The plain name of the function that a frame belongs to: `send` for `exports.send`, `Client.send` and `get send`.
 *
 * V8 has no name for a module's top-level code nor for an anonymous function. What tells them apart is where they
 * begin: the module at 1:1, and no function that can be called ever does (it needs at least a parenthesis before
 * it). That holds for CommonJS, for ESM, and after a top-level await, when nothing of the loader is on the stack any
 * more (Node 20, 22, 24 and 26).
 */
export function functionName(frame: NamedFrame): string {
  const name = frame.getFunctionName();
  if (name === null || name === '') return isTopLevel(frame) ? MODULE : ANONYMOUS;
  if (!DECORATED.test(name)) return name === 'eval' && frame.isEval() ? ANONYMOUS : name;
  if (BUNDLED_MODULE.test(name)) return MODULE;
  const bare = name.replace(PREFIXES, '');
  const last = NO_PATH.test(bare) ? bare : bare.slice(bare.lastIndexOf('.') + 1);
  // V8's own: `<static_initializer>`, `<instance_members_initializer>`, `<computed>`.
  return last === '' || last.startsWith('<') ? ANONYMOUS : last;
}

function isTopLevel(frame: NamedFrame): boolean {
  return frame.getEnclosingLineNumber() === 1 && frame.getEnclosingColumnNumber() === 1 && !frame.isEval();
}
