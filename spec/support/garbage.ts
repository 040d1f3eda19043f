import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

/** Collects what nothing holds on to any more, so that what is left can be told. */
export const collectGarbage: () => void = runInNewContext('gc');

/** Bytes on the heap that something holds on to. */
export function liveHeap(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
