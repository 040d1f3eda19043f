import { Pipeline } from './pipeline.ts';

/**
 * The class of the pipeline. `.ci/build.js` writes this module itself: in what is packed, the pipeline and all that only it
 * needs are a file of their own, three quarters of the code, which is loaded when the first transport is made.
 */
export function loadPipeline(): typeof Pipeline {
  return Pipeline;
}
