// To be loaded first by the child processes of specs: the same as `builtProgram` in vitest.config.ts.
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';

const { SPEC_WORKER_PROGRAM } = process.env;

// Not there in a run without vitest.
if (SPEC_WORKER_PROGRAM !== undefined) {
  const url = pathToFileURL(SPEC_WORKER_PROGRAM).href;
  const program = new URL('../../.ci/program-module.js', import.meta.url).href;
  const hooks = `import { isProgramModule } from ${JSON.stringify(program)};
  export async function resolve(specifier, context, next) {
    return isProgramModule(specifier, context.parentURL) ? { url: ${JSON.stringify(url)}, shortCircuit: true } : next(specifier, context);
  }`;
  register(`data:text/javascript,${encodeURIComponent(hooks)}`);
}
