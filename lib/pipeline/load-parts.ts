import * as parts from './parts.ts';

/**
 * Loads the classes of `parts.ts`. `.ci/build.js` replaces this module: in the package, those classes and what only they import are
 * a separate file (seven eighths of the code), which is loaded when the first transport is created.
 */
export function loadParts(): typeof parts {
  return parts;
}
