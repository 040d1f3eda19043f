// Not `createRequire` by its name. webpack knows that, and would put its own number of the module in the place of a path; and
// in a bundle it stands beside the `createRequire` that esbuild's users import for what is CommonJS.
import nodeModule from 'node:module';
import { isAbsolute } from 'node:path';
import { runningFile } from '../../../util/running-file.ts';

/**
 * The path of a package that the application has installed, for a thread whose program is a text and so has no place from
 * which to look for it. `undefined` where it is not installed, as beside a bundle:
 * of kafkajs, the thread's program has a copy of its own.
 *
 * It is looked for where the `kafkaModule` is, which may register codecs in it; where this library is; and where the
 * application's main script is. Not in the working directory: whoever can write there could have it run.
 */
export function findInstalled(name: string, kafkaModule?: string): string | undefined {
  for (const from of [kafkaModule, runningFile(), process.argv[1]]) {
    if (from === undefined) continue;
    try {
      const path = nodeModule.createRequire(from).resolve(name);
      if (isAbsolute(path)) return path;
    } catch {
      // Not there, or no absolute path.
    }
  }
  return undefined;
}
