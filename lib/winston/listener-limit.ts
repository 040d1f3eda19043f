import type { EventEmitter } from 'node:events';

/**
 * Makes room for listeners that are there for a good reason (each logger that pipes into a transport adds one to five
 * events), so that Node's warning of a leak stays what it is: the sign of one in the application.
 */
export function raiseListenerLimit(emitter: EventEmitter, by: number): void {
  const limit = emitter.getMaxListeners();
  // 0 is without limit.
  if (limit > 0) emitter.setMaxListeners(Math.max(1, limit + by));
}
