import { isStreamItself } from './workarounds.ts';

/** What the tap needs of a winston logger. */
export interface TappableLogger {
  readonly level?: string;
  readonly levels?: Readonly<Record<string, number>>;
  readonly readableFlowing?: boolean | null;
  readonly readableLength?: number;
  readonly writableLength?: number;
  write(info: unknown, encoding?: unknown, callback?: unknown): unknown;
  _transform(info: unknown, encoding: unknown, callback: unknown): unknown;
  push(info: unknown, encoding?: unknown): unknown;
  unpipe(target?: unknown): unknown;
  read?(): unknown;
}

/** Whether a stream that pipes into a transport is a logger whose `write` can be wrapped. */
export function isTappable(source: unknown): source is TappableLogger {
  const candidate = source as Partial<TappableLogger> | null | undefined;
  return (
    typeof candidate?.write === 'function' &&
    typeof candidate._transform === 'function' &&
    typeof candidate.push === 'function' &&
    typeof candidate.unpipe === 'function' &&
    typeof candidate.levels === 'object'
  );
}

/**
 * The root of a logger's children. A child inherits everything but `write` from it, pipes the same stream, and so has the
 * same transports: adding one to a child adds it to the root.
 */
export function rootOf<Logger extends object>(logger: Logger): Logger {
  let object: object | null = logger;
  while (object !== null && !isStreamItself(object)) object = Object.getPrototypeOf(object);
  return (object ?? logger) as Logger;
}

/** How many records a logger holds back, including those that have not been through its formats yet. */
export function heldBy({ readableLength = 0, writableLength = 0 }: Partial<TappableLogger>): number {
  return readableLength + writableLength;
}

/** Whether a logger will deliver later what is logged now, because one of its transports pushes back. */
export function holdsBack(logger: TappableLogger): boolean {
  return logger.readableFlowing === false || heldBy(logger) > 0;
}
