import type { EventEmitter } from 'node:events';
import { guardSync } from '../loop-safety/guard.ts';
import { handleRejection } from '../util/thenable.ts';

/**
 * Emits to listeners of the caller's: each under the guard, and none able to keep the event from the next, to
 * throw into the transport, or to end the process with a rejected promise.
 */
export function emitSafely(
  emitter: EventEmitter,
  event: string,
  argument: unknown,
  onFailure: (error: unknown) => void,
): void {
  // The raw ones: a listener of `once` removes itself only through its wrapper.
  for (const listener of emitter.rawListeners(event)) {
    try {
      const result: unknown = guardSync(() => Reflect.apply(listener, emitter, [argument]));
      handleRejection(result, onFailure);
    } catch (error) {
      onFailure(error);
    }
  }
}
