import * as parts from './parts.ts';

/**
 * The classes of the parts. `.ci/build.js` writes this module itself: in what is packed, they and all that only they need are a
 * file of their own, seven eighths of the code, which is loaded when the first transport is made.
 */
export function loadParts(): typeof parts {
  return parts;
}
