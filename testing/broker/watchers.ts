// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// Waiting by event: predicates that are looked at again whenever something has changed.

interface Watcher {
  look(): void;
  reject(error: Error): void;
}

export class Watchers {
  readonly #watchers = new Set<Watcher>();

  until(predicate: () => boolean, timeoutMs: number, describe: () => string): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        this.#watchers.delete(watcher);
        end();
      };
      const watcher: Watcher = {
        look: () => {
          try {
            if (predicate()) settle(resolve);
          } catch (error) {
            settle(() => reject(error));
          }
        },
        reject: (error) => settle(() => reject(error)),
      };
      const timer = setTimeout(() => {
        watcher.reject(new Error(`Waited ${timeoutMs} ms in vain for ${predicate}; ${describe()}`));
      }, timeoutMs);
      this.#watchers.add(watcher);
      watcher.look();
    });
  }

  changed(): void {
    for (const watcher of this.#watchers) watcher.look();
  }

  rejectAll(error: Error): void {
    for (const watcher of this.#watchers) watcher.reject(error);
  }
}
