/** Somebody who has something to finish before the process ends by itself. */
export interface Finisher {
  /** Called when nothing else keeps the process alive. May start something that does, for a while. */
  beforeExit(): void;
}

const finishers = new Set<Finisher>();

function runAll(): void {
  for (const finisher of finishers) finisher.beforeExit();
}

/** One listener for all transports: a listener each would have Node warn of a leak from the eleventh on. */
export function beforeExit(finisher: Finisher): void {
  if (finishers.size === 0) process.on('beforeExit', runAll);
  finishers.add(finisher);
}

export function forgetBeforeExit(finisher: Finisher): void {
  finishers.delete(finisher);
  if (finishers.size === 0) process.off('beforeExit', runAll);
}
