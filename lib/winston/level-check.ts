import type { Levels } from '../util/info.ts';
import { levelProblem, type NamedLevel, namedLevelProblem } from './level-gate.ts';

/** What may name a level: a transport, or a logger of its. */
interface Leveled {
  readonly level?: string;
  readonly levels?: Levels | undefined;
}

export interface LevelCheckParts {
  readonly transport: Leveled;
  /** The levels that options name at present: a table of a `filter`, `sample`, `rateLimit`. */
  named(): Iterable<NamedLevel>;
  /** The loggers that it has been added to. */
  loggers(): Iterable<Leveled>;
  /** Calls `fn` once the running code has returned to the event loop. */
  soon(fn: () => void): void;
  tell(problem: string): void;
}

/**
 * Tells of level names that a logger does not have: by winston's rules they take no record, in silence. Not at once, because
 * who makes a logger has had no chance to listen yet, and may still put the level right; each only once.
 */
export class LevelCheck {
  readonly #parts: LevelCheckParts;
  readonly #told = new Set<string>();
  #isDue = false;

  constructor(parts: LevelCheckParts) {
    this.#parts = parts;
  }

  /** A logger has come, or the transport's level was set. */
  schedule(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#parts.soon(() => {
      this.#isDue = false;
      this.#check();
    });
  }

  /** A record was not taken: the level of its logger may have been set to one that it does not have. */
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
 * Has `onSet` called when the `level` of a transport is set, which users do at run time. An accessor of the transport's
 * own, because winston-transport's constructor sets the field before the class below it has any; like the field it can be
 * listed, and redefined by a class that has a field of the name.
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
