import type { ISocketFactory } from 'kafkajs';
import { type Clock, MAX_DELAY_MS } from '../../../time/clock.ts';
import { whenOverdue } from '../../../time/overdue.ts';

// kafkajs's own (src/index.js).
const DEFAULT_MS = 1_000;
// Its timer stays, for a socket of the caller's that does not say that it has closed.
const LATER_MS = 60_000;

/** `connectionTimeout` as kafkajs gets it where {@link withConnectTimeout} sees to it. */
export function laterConnectTimeout(limitMs: number = DEFAULT_MS): number {
  return Math.min(limitMs + LATER_MS, MAX_DELAY_MS);
}

/**
 * Gives up a connection that takes too long to be made. kafkajs does that by a timer (network/connection.js: `setTimeout(onTimeout,
 * this.connectionTimeout)`), which Node calls before it looks at the socket: where an application keeps its thread busy for a
 * second while it starts, a connection that is there would be given up, and an outage told.
 */
export function withConnectTimeout(
  make: ISocketFactory,
  limitMs: number = DEFAULT_MS,
  clock: Clock,
): ISocketFactory {
  return (args) => {
    const onOverdue = (): void => void socket?.destroy(new Error('Connection timeout'));
    const end = whenOverdue(clock, limitMs, onOverdue);
    const onConnect = (): void => {
      end();
      args.onConnect();
    };
    let socket: ReturnType<ISocketFactory> | undefined;
    try {
      socket = make({ ...args, onConnect });
      return socket.once('close', end);
    } catch (error) {
      end();
      throw error;
    }
  };
}
