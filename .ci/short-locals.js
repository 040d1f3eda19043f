import { minify } from 'terser';

// A class or an arrow function that has the name of the variable that it is put into, as esbuild writes classes.
const NAMED_BY_VARIABLE = /([\w$]+) ?= ?(?:class\b|(?:async ?)?(?:\([^()]*\)|[\w$]+) ?=>)/g;

/**
 * Shortens the names of variables and parameters. Those of functions, classes and methods stay: a stack in a `warn` shows them, and
 * `console.log` shows whose an object is.
 *
 * @param {string} code CommonJS
 * @returns {Promise<string>}
 */
export async function withShortLocals(code) {
  const reserved = [...code.matchAll(NAMED_BY_VARIABLE)].map(([, name]) => name);
  const mangle = { toplevel: true, keep_fnames: true, keep_classnames: true, reserved };
  const { code: shorter } = await minify(code, { ecma: 2022, compress: false, mangle });
  return String(shorter);
}
