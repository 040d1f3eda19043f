// The same record for all: 260 bytes with three fields, as `timestamp` and `json` write it.
import winston from 'winston';
import type TransportStream from 'winston-transport';

const PADDING = 'x'.repeat(110);

export function loggerTo(transport: TransportStream): winston.Logger {
  const { combine, timestamp, json } = winston.format;
  return winston.createLogger({ format: combine(timestamp(), json()), transports: [transport] });
}

export function logMany(logger: winston.Logger, count: number): void {
  for (let n = 0; n < count; n++) {
    logger.info(`order ${n} has been taken in and will be paid ${PADDING}`, {
      orderId: n,
      customer: 'c-17',
      ms: 12.5,
    });
  }
}

/** What the client gets of such a record. */
export function textOf(n: number): string {
  return JSON.stringify({
    customer: 'c-17',
    level: 'info',
    message: `order ${n} has been taken in and will be paid ${PADDING}`,
    ms: 12.5,
    orderId: n,
    timestamp: new Date().toISOString(),
  });
}

/** The next turn of the event loop. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Looks again every few milliseconds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(2);
}
