// To be loaded first by the child processes of specs: the same as `compiledWorker` in vitest.config.ts.
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';

const { SPEC_WORKER_ENTRY } = process.env;

// Not there in a run without vitest.
if (SPEC_WORKER_ENTRY !== undefined) {
  const url = pathToFileURL(SPEC_WORKER_ENTRY).href;
  const hooks = `export async function resolve(specifier, context, next) {
    const isEntry = specifier === './entry.ts' && context.parentURL?.includes('/lib/delivery/worker/');
    return isEntry ? { url: ${JSON.stringify(url)}, shortCircuit: true } : next(specifier, context);
  }`;
  register(`data:text/javascript,${encodeURIComponent(hooks)}`);
}
