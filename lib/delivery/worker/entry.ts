// The file that a worker thread runs. The main thread loads it too, to learn where it is.
import { fileURLToPath } from 'node:url';
import { workerData } from 'node:worker_threads';
import type { WorkerStart } from './messages.ts';
import { handOnPrints } from './prints.ts';
import { serve } from './serve.ts';

/** CommonJS has no `import.meta`: there, `.ci/build.js` has it name the ESM build's file. */
export const entryPath: string = fileURLToPath(import.meta.url);

// Of a worker of the application's own, which uses this package like any other thread, it is not there.
const start = (workerData as { winstonKafkajs?: WorkerStart } | null)?.winstonKafkajs;
if (start !== undefined) handOnPrints(serve(start));
