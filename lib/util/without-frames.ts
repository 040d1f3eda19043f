/**
 * An error that is remembered for a while, without the frames of its stack: they hold on to the promises that were awaited,
 * and by them to the asynchronous context of a request that has logged something. The stack of its cause says more.
 */
export function withoutFrames<Kind extends Error>(error: Kind): Kind {
  error.stack = String(error);
  return error;
}
