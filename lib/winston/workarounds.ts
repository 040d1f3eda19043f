// What is leaned on of winston 3, winston-transport 4 and readable-stream 3 and 4 beyond what they promise, each with the line of
// their source that forces it. How a logger's `write`, `_transform` and `push` are wrapped is in logger-tap.ts.
// spec/winston/workarounds.spec.ts fails the day they change.
import type { EventEmitter } from 'node:events';
import type TransportStream from 'winston-transport';
import { soonest } from '../time/system-timers.ts';
import { putOwnMethod } from './own-method.ts';

/** The same in readable-stream 3 and 4, and in Node's streams. */
interface StreamInsides {
  readonly _writableState?: {
    readonly ending?: boolean;
    readonly needDrain?: boolean;
    readonly bufferProcessing?: boolean;
    autoDestroy?: boolean;
  };
}

/** Whether `end()` was called. readable-stream 3 has no `writableEnded` (lib/_stream_writable.js: `state.ending = true`). */
export function hasEnded(stream: object): boolean {
  return (stream as StreamInsides)._writableState?.ending === true;
}

/** What a logger pipes to. */
export interface PipeTarget {
  write(...args: never[]): unknown;
}

/**
 * Runs `fn`, which reads a logger by hand while some of its transports push back. Each read counts anew for how many of them the pipe
 * waits (readable-stream 3, lib/_stream_readable.js: `state.awaitDrain = 0`), by what their `write` returns: so it says whether there
 * will be a `drain`, and the logger flows on with that. One that has ended is given nothing: it would emit an error
 * (lib/_stream_writable.js: `if (state.ending) writeAfterEnd`), which winston throws where nobody listens. One that is
 * handing what it has buffered to its `_writev`, whose `log()` we may be in, gets it afterwards: it would forget it
 * (`state.lastBufferedRequest = null`, after the call), and never be ready again.
 */
export function whileReadByHand(targets: readonly PipeTarget[], fn: () => void): void {
  const restore = targets.map((target) => {
    const { write } = target;
    return putOwnMethod(target, 'write', (...args: unknown[]): boolean => {
      const { _writableState: state } = target as StreamInsides;
      const give = (): unknown => hasEnded(target) || Reflect.apply(write, target, args);
      const isReady = state?.bufferProcessing === true ? soonest(give) : give();
      return isReady !== false && state?.needDrain !== true;
    });
  });
  try {
    fn();
  } finally {
    for (const putBack of restore) putBack();
  }
}

/**
 * Has a stream that has finished stay as it is. readable-stream 4 would destroy it (`if (state.autoDestroy)`), and the `close`
 * that follows would take it off a logger that it has been added to in the meantime.
 */
export function keepWhenFinished(stream: object): void {
  const { _writableState: state } = stream as StreamInsides;
  if (state !== undefined) state.autoDestroy = false;
}

/**
 * Whether a logger is itself the stream, and no child: that one is made of it by `Object.create` (winston/lib/winston/logger.js,
 * `child`), and inherits what the stream below has set up.
 */
export function isStreamItself(logger: object): boolean {
  return Object.hasOwn(logger, '_readableState');
}

/**
 * Listens for loggers that pipe into a transport, in place of winston-transport: its own books know one logger only (modern.js:
 * `this.once('pipe', logger => …)`, `this.once('unpipe', src => …)`).
 */
export function takeOverPipes<Source>(
  transport: TransportStream,
  onPipe: (source: Source) => void,
  onUnpipe: (source: Source) => void,
): void {
  transport.removeAllListeners('pipe').on('pipe', onPipe as never);
  transport.removeAllListeners('unpipe').on('unpipe', onUnpipe as never);
}

/** A stream that a transport writes to, such as those of winston's File: `_stream`, and the file itself, `_dest`. */
interface InnerStream {
  readonly writableLength?: unknown;
  readonly readableLength?: unknown;
  readonly destroyed?: unknown;
}

/**
 * Whether a transport's streams have passed on what they were given. winston's File says `logged` when its own first stream has a
 * record, and not when the file has (winston/lib/winston/transports/file.js, `logged`: "does not depict when data has been
 * actually flushed to disk"). Of a transport that keeps its streams to itself nobody can tell.
 */
export function isWritten(transport: TransportStream): boolean {
  const { parent, ...own } = transport as unknown as Record<string, unknown>;
  const streams = Object.values(own).filter(
    (value): value is InnerStream =>
      typeof value === 'object' &&
      value !== null &&
      typeof (value as InnerStream).writableLength === 'number',
  );
  return streams.every(
    ({ writableLength, readableLength = 0, destroyed }) =>
      destroyed === true || (writableLength === 0 && readableLength === 0),
  );
}

type Listener = (...args: unknown[]) => void;

/** What winston listens with, to hear that a transport has finished; the other for an error that never comes. */
export interface CrashListeners {
  onFinish?: Listener;
  onError?: Listener;
}

/**
 * Learns what winston listens with after an uncaught exception: it sets `_ending`, and listens next (exception-handler.js:
 * `transport._ending = true; transport.once('finish', …); transport.once('error', …)`).
 */
export function learnCrashListeners(emitter: EventEmitter, learnt: CrashListeners): void {
  const learn = (event: string, listener: Listener): void => {
    if (event === 'finish') learnt.onFinish ??= listener;
    if (event !== 'error') return;
    learnt.onError = listener;
    emitter.removeListener('newListener', learn);
  };
  emitter.on('newListener', learn);
}
