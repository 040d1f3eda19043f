/**
 * Keeps back Node's warning (24 and later) of a timer with a negative delay, which kafkajs 2.2.4 sets
 * (https://github.com/tulios/kafkajs/issues/1751). An application that has told Node so with `--disable-warning` has done it
 * for its own thread: this one is started without its flags.
 */
export function muteNegativeTimers(): void {
  const emitWarning = process.emitWarning as (...args: unknown[]) => void;
  const isMuted = (kind: unknown): boolean => kind === 'TimeoutNegativeWarning';
  Object.assign(process, {
    emitWarning: (...args: unknown[]) => {
      if (!isMuted(args[1])) Reflect.apply(emitWarning, process, args);
    },
  });
}
