import type { EventEmitter } from 'node:events';
import type { KafkaTransportError } from '../errors.ts';

/**
 * How one listens to a transport. Written out, because all that a transport has of this from below comes out of `@types/node`:
 * without that package it would have no `on`. The last form is that of any other event of a stream, and what makes this one
 * fit the stream's.
 */
export interface Listen<Self> {
  /** Something has gone wrong. */
  (event: 'warn', listener: (warning: KafkaTransportError) => void): Self;
  /** The broker has acknowledged a record; with the info that it was made of. */
  // biome-ignore lint/suspicious/noExplicitAny: an info has whatever fields the application gives it
  (event: 'logged', listener: (info: any) => void): Self;
  // biome-ignore lint/suspicious/noExplicitAny: as in @types/node
  (event: string | symbol, listener: (...args: any[]) => void): Self;
}

/**
 * Makes room for listeners that are there for a good reason (each logger that pipes into a transport adds one to five
 * events), so that Node's warning of a leak stays what it is: the sign of one in the application.
 */
export function raiseListenerLimit(emitter: EventEmitter, by: number): void {
  const limit = emitter.getMaxListeners();
  // 0 is without limit.
  if (limit > 0) emitter.setMaxListeners(Math.max(1, limit + by));
}
