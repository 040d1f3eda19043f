// Everything that relies on undocumented behaviour of winston 3, winston-transport 4 and readable-stream 3 and 4, each with the
// line of their source that forces it; only the wrapping of a logger's `write`, `_transform`, `push` and `unpipe` is in logger-tap.ts.
// spec/winston/workarounds.spec.ts fails when that behaviour changes.
import type { EventEmitter } from 'node:events';
import type TransportStream from 'winston-transport';
import { soonest } from '../time/system-timers.ts';
import { attempt } from '../util/safely.ts';
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

/** A stream that a logger pipes to. */
export interface PipeTarget {
  write(...args: never[]): unknown;
}

/**
 * Runs `fn`, which reads a logger by hand while some of its transports push back. Each read resets the number of drains that the pipe
 * waits for (readable-stream 3, lib/_stream_readable.js: `state.awaitDrain = 0`) and counts each `write` that returned false. So here
 * `write` returns false exactly when a `drain` will follow. A target that has ended gets nothing: it would emit an error
 * (lib/_stream_writable.js: `if (state.ending) writeAfterEnd`), which winston throws if nobody listens. A target that is handing what it
 * has buffered to its `_writev`, whose `log()` may be the caller, gets the records afterwards: it would forget them
 * (`state.lastBufferedRequest = null`, after the call), and never be ready again.
 */
export function whileReadByHand(targets: readonly PipeTarget[], fn: () => void): void {
  // A logger may have a transport twice.
  const restore = [...new Set(targets)].map((target) => {
    const { write } = target;
    return putOwnMethod(target, 'write', (...args: unknown[]): boolean => {
      const { _writableState: state } = target as StreamInsides;
      const give = (): unknown => hasEnded(target) || Reflect.apply(write, target, args);
      const isReady = state?.bufferProcessing === true ? soonest(() => attempt(give)) : give();
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
 * Keeps a stream from being destroyed after it has finished. readable-stream 4 destroys it (`if (state.autoDestroy)`), and the
 * `close` event that follows would remove it from a logger that it was added to since.
 */
export function keepWhenFinished(stream: object): void {
  const { _writableState: state } = stream as StreamInsides;
  if (state !== undefined) state.autoDestroy = false;
}

/**
 * Whether a logger is the stream itself and not a child. winston makes a child with `Object.create(logger)`
 * (winston/lib/winston/logger.js, `child`), so a child only inherits the stream's state.
 */
export function isStreamItself(logger: object): boolean {
  return Object.hasOwn(logger, '_readableState');
}

/**
 * Listens for loggers that pipe into a transport, in place of winston-transport, which remembers one logger only (modern.js:
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

/** A stream that a transport writes to, such as `_stream` and `_dest` of winston's File. */
interface InnerStream {
  readonly writableLength?: unknown;
  readonly readableLength?: unknown;
  readonly destroyed?: unknown;
}

/**
 * Whether a transport's streams have written out what they got. winston's File emits `logged` when its first stream has a record,
 * before the file has it (winston/lib/winston/transports/file.js, `logged`: "does not depict when data has been actually
 * flushed to disk"). Streams that are not fields of the transport are not seen.
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

/** The listeners that winston adds to a transport after an uncaught exception. `KafkaTransport` never emits `error`. */
export interface CrashListeners {
  onFinish?: Listener;
  onError?: Listener;
}

/**
 * Records the listeners that winston adds right after it has set `_ending` (exception-handler.js: `transport._ending = true;
 * transport.once('finish', …); transport.once('error', …)`).
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
