// Not `createRequire` by its name. webpack knows that, and would put its own number of the module in the place of a path; and
// in a bundle it stands beside the `createRequire` that esbuild's users import for what is CommonJS.
import nodeModule from 'node:module';
import { isAbsolute } from 'node:path';

const NAME = 'kafkajs';

/**
 * The path of the kafkajs that the application has installed, for a thread whose program is a text and so has no place from
 * which to look for it. `undefined` where it is not installed, as beside a bundle: the text has a copy of its own.
 *
 * It is looked for where the `kafkaModule` is, which may register codecs in it; where this library is; and where the
 * application's main script is. Not in the working directory: whoever can write there could have it run.
 */
export function findKafkajs(kafkaModule: string | undefined): string | undefined {
  for (const from of [kafkaModule, ownFile(), process.argv[1]]) {
    if (from === undefined) continue;
    try {
      const path = nodeModule.createRequire(from).resolve(NAME);
      if (isAbsolute(path)) return path;
    } catch {
      // Not there, or no absolute path.
    }
  }
  return undefined;
}

/**
 * The path or URL of the file that this code runs from: of the package, or the bundle. V8 knows it in every module format and after every
 * bundler; `import.meta.url` is empty in what esbuild makes for CommonJS, and the build machine's path in webpack's.
 */
function ownFile(): string | undefined {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = 1;
    Error.prepareStackTrace = (_error, frames) => frames[0]?.getFileName();
    const file: unknown = new Error().stack;
    return typeof file === 'string' ? file : undefined;
  } catch {
    // A frozen Error.
    return undefined;
  } finally {
    restore({ prepareStackTrace, stackTraceLimit });
  }
}

function restore(settings: Pick<ErrorConstructor, 'prepareStackTrace' | 'stackTraceLimit'>): void {
  try {
    Object.assign(Error, settings);
  } catch {
    // Frozen, so nothing has changed.
  }
}
