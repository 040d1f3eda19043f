import type { Channel } from 'node:diagnostics_channel';
import type { EventEmitter } from 'node:events';
import { guardSync } from '../loop-safety/guard.ts';
import { soonest } from '../time/system-timers.ts';
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

/**
 * Publishes to subscribers of the caller's, under the guard, as {@link emitSafely} emits.
 *
 * Node lets each of them have the message, and throws what one of them threw in a tick of its own: an uncaught
 * exception (lib/diagnostics_channel.js, `ActiveChannel.publish`). It would end the process; or, logged by winston as one,
 * be sent, and told of, and thrown again, for ever. The ticks of a publish lie between one before it and one after it, so
 * what is uncaught between these two is a subscriber's.
 */
export function publishSafely(channel: Channel, message: object, onFailure: (error: unknown) => void): void {
  let isCapturing = false;
  soonest(() => {
    isCapturing = capture(onFailure);
  });
  guardSync(() => channel.publish(message));
  soonest(() => {
    if (isCapturing) process.setUncaughtExceptionCaptureCallback(null);
  });
}

/** There can be one such callback in a process: where somebody has one, that one gets what a subscriber throws. */
function capture(onFailure: (error: unknown) => void): boolean {
  try {
    process.setUncaughtExceptionCaptureCallback(onFailure);
    return true;
  } catch {
    return false;
  }
}
