import type { EventEmitter } from 'node:events';
import type { KafkaTransportError } from '../errors.ts';

/**
 * The type of `on` and its like. Written out because the inherited types come from `@types/node`: without that package a
 * transport would have no `on`. The last overload is for the other events of a stream, and makes this type compatible with
 * the stream's own.
 */
export interface Listen<Self> {
  /** Something has gone wrong. */
  (event: 'warn', listener: (warning: KafkaTransportError) => void): Self;
  /** The broker has acknowledged a record; the listener gets the record's info. */
  // biome-ignore lint/suspicious/noExplicitAny: an info has whatever fields the application gives it
  (event: 'logged', listener: (info: any) => void): Self;
  // biome-ignore lint/suspicious/noExplicitAny: as in @types/node
  (event: string | symbol, listener: (...args: any[]) => void): Self;
}

/**
 * Raises the limit for expected listeners (each logger that pipes into a transport adds one to five events), so that Node
 * warns only of a leak in the application.
 */
export function raiseListenerLimit(emitter: EventEmitter, by: number): void {
  const limit = emitter.getMaxListeners();
  // 0 means no limit.
  if (limit > 0) emitter.setMaxListeners(Math.max(1, limit + by));
}
