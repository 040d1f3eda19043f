import type { Levels } from '../util/info.ts';
import { levelProblem, type NamedLevel, namedLevelProblem } from './level-gate.ts';

/** A transport or logger, as far as its level is concerned. */
interface Leveled {
  readonly level?: string;
  readonly levels?: Levels | undefined;
}

export interface LevelCheckParts {
  readonly transport: Leveled;
  /** The level names in the current `filter` table, `sample` and `rateLimit`. */
  named(): Iterable<NamedLevel>;
  /** The loggers that the transport was added to. */
  loggers(): Iterable<Leveled>;
  /** Calls `fn` once the running code has returned to the event loop. */
  soon(fn: () => void): void;
  tell(problem: string): void;
}

/**
 * Warns of level names that a logger does not have: winston then passes no record and says nothing. It warns once for each, and only
 * after the running code has returned: the code that creates a logger may still add its listener or correct the level.
 */
export class LevelCheck {
  readonly #parts: LevelCheckParts;
  readonly #told = new Set<string>();
  #isDue = false;

  constructor(parts: LevelCheckParts) {
    this.#parts = parts;
  }

  /** Called when a logger was added, or a level was set. */
  schedule(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#parts.soon(() => {
      this.#isDue = false;
      this.#check();
    });
  }

  /** Called when a record was not wanted: its logger's level may have been set to an unknown name. */
  onUnknownLevel(logger: Leveled | null | undefined): void {
    const { level, levels } = logger ?? {};
    const isKnown = !level || levels === undefined || Object.hasOwn(levels, level);
    if (!isKnown && !this.#parts.transport.level) this.schedule();
  }

  #check(): void {
    const { transport, named, loggers } = this.#parts;
    for (const { level, levels } of loggers()) {
      if (levels === undefined) continue;
      this.#tell(
        transport.level ? levelProblem(transport.level, levels, true) : levelProblem(level, levels, false),
      );
      for (const name of named()) this.#tell(namedLevelProblem(name, levels));
    }
  }

  #tell(problem: string | undefined): void {
    if (problem === undefined || this.#told.has(problem)) return;
    this.#told.add(problem);
    this.#parts.tell(problem);
  }
}

/**
 * Calls `onSet` when the `level` of a transport is set, which users do at run time. The accessor is put on the object itself,
 * because winston-transport's constructor has already made `level` a field there. Like the field, it is enumerable, and a
 * subclass with a field of that name can redefine it.
 */
export function watchLevel(transport: { level?: string }, onSet: () => void): void {
  let { level } = transport;
  Object.defineProperty(transport, 'level', {
    configurable: true,
    enumerable: true,
    get: () => level,
    set(value) {
      level = value;
      onSet();
    },
  });
}
