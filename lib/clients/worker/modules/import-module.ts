/**
 * Imports a module that is there when the application runs. Bundlers are told to leave the `import` as it
 * is. `.ci/build.js` writes this module itself, because TypeScript makes something else of it.
 */
export function importModule(url: string): Promise<{ default?: unknown }> {
  return import(/* webpackIgnore: true */ /* @vite-ignore */ url);
}
