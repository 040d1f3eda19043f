import nodeModule from 'node:module';
import { runningFile } from '../../util/running-file.ts';

/**
 * Loads @pinojs/redact, only when it is needed. `.ci/build.js` writes this module itself, as CommonJS with a plain
 * `require('@pinojs/redact')`, which bundlers and Jest follow.
 */
export function loadRedact(): typeof import('@pinojs/redact') {
  return nodeModule.createRequire(runningFile() ?? process.cwd())('@pinojs/redact');
}
