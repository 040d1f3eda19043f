import nodeModule from 'node:module';
import { runningFile } from '../../util/running-file.ts';

/**
 * Loads kafkajs, as `require` does: at once, and only when it is first asked for. `.ci/build.js` writes this module itself, as
 * CommonJS with a plain `require('kafkajs')`, which bundlers and Jest follow.
 */
export function loadKafkajs(): typeof import('kafkajs') {
  return nodeModule.createRequire(runningFile() ?? process.cwd())('kafkajs');
}
